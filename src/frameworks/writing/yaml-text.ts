import { Document, isScalar, Scalar, type ScalarTag, visit } from 'yaml';

type Yaml = Scalar | string | number | boolean | null | readonly Yaml[] | { readonly [key: string]: Yaml };

/** YAML 1.1, which PyYAML reads, takes `1e-8` for text: a small number has a fraction too. */
const EXPONENT: ScalarTag = {
  tag: 'tag:yaml.org,2002:float',
  default: true,
  test: /^-?\d+(?:\.\d+)?e[-+]\d+$/,
  identify: (value) => typeof value === 'number' && String(value).includes('e'),
  resolve: Number,
  stringify: ({ value }) => String(value).replace(/^(-?\d+)e/, '$1.0e'),
};

/** A number that its reader wants as a float: `1.0`. */
export function float(value: number): Scalar {
  const node = new Scalar(value);
  node.minFractionDigits = 1;
  return node;
}

/** Text that every YAML parser reads as `value`, strings in quotes and plain lists on one line, under comments. */
export function yamlText(value: { readonly [key: string]: Yaml }, comments: readonly string[]): string {
  const document = new Document(value, { customTags: (tags) => [EXPONENT, ...tags] });
  visit(document, {
    Seq(_, list) {
      list.flow = list.items.every(isScalar);
    },
  });
  document.contents!.commentBefore = comments.map((line) => ` ${line}`).join('\n');
  return document.toString({
    defaultStringType: 'QUOTE_DOUBLE',
    defaultKeyType: 'PLAIN',
    flowCollectionPadding: false,
    indentSeq: false,
    lineWidth: 0,
  });
}
