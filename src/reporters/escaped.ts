const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as text of HTML and of XML, and as an attribute in quotes; controls, which XML 1.0 has not, become spaces. */
export function escaped(text: string): string {
  return text.replace(/\p{Cc}|[\ufffe\uffff]/gu, ' ').replace(/[&<>"']/g, (one) => ENTITIES[one]!);
}
