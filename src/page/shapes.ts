/** Height of a row, in pixels. */
export const ROW = 26;

/** What the library hands to a drawing function; only what is used. */
interface Api {
  value(dimension: number): number;
  coord(point: readonly [number, number]): [number, number];
  size(extent: readonly [number, number]): [number, number];
}

interface Params {
  readonly coordSys: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  };
}

/** A pass as a rectangle on its row; half as high where it shares its slot. */
export function block({ coordSys }: Params, api: Api) {
  const [left, y] = api.coord([api.value(1), api.value(0)]);
  const [right] = api.coord([api.value(2), api.value(0)]);
  const height = ROW * 0.72;
  const from = Math.max(left, coordSys.x);
  const to = Math.min(right, coordSys.x + coordSys.width);
  if (to < coordSys.x || from > coordSys.x + coordSys.width) return undefined;
  const half = api.value(3) === 1;
  return {
    type: 'rect',
    shape: {
      x: from,
      y: y - height / 2 + (half ? height / 2 : 0),
      width: Math.max(0.5, to - from),
      height: half ? height / 2 : height,
    },
    style: styleOf(api),
  };
}

/** A transfer as a line from the row that sends to the one that receives. */
export function way(_: Params, api: Api) {
  const [x1, y1] = api.coord([api.value(1), api.value(0)]);
  const [x2, y2] = api.coord([api.value(3), api.value(2)]);
  const [color] = [styleOf(api)];
  return {
    type: 'line',
    shape: { x1, y1, x2, y2 },
    style: { stroke: color.fill, lineWidth: 1, opacity: color.opacity },
  };
}

function styleOf(api: Api): { readonly fill?: string; readonly opacity?: number } {
  const { visual } = api as unknown as { visual(name: string): unknown };
  return {
    fill: visual.call(api, 'color') as string,
    opacity: (visual.call(api, 'opacity') as number | undefined) ?? 1,
  };
}
