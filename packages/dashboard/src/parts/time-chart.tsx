import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

export interface ChartLine {
  readonly label: string;
  /** A custom property of the style sheet, such as `--good`. */
  readonly colour: string;
  readonly fill?: boolean;
}

interface Props {
  readonly label: string;
  readonly lines: readonly ChartLine[];
  /** First the times in seconds, then one row per line. */
  readonly data: uPlot.AlignedData;
  readonly height?: number;
  readonly unit?: ((value: number) => string) | undefined;
  /** The first row is no time but this: a step, a layer. */
  readonly over?: string | undefined;
  /** From the least to the greatest value; else from 0. */
  readonly tight?: boolean;
}

/** A time series; redrawn in place when data comes, made anew only when its lines change. */
export function TimeChart({ label, lines, data, height = 140, unit, over, tight = false }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const latest = useRef(data);
  latest.current = data;
  const shape = lines.map(({ label: name, colour }) => name + colour).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` stands for the lines.
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const made = new uPlot(optionsOf({ lines, width: element.clientWidth, height, unit, over, tight }), latest.current, element);
    chart.current = made;
    const resize = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, [shape, height]);
  useEffect(() => chart.current?.setData(data), [data]);
  return <div className="chart" ref={box} role="img" aria-label={label} />;
}

type Look = Required<Pick<Props, 'lines' | 'height' | 'tight'>> & Pick<Props, 'unit' | 'over'> & { readonly width: number };

function optionsOf({ lines, width, height, unit, over, tight }: Look): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour('--dim'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui',
  };
  return {
    width: Math.max(80, width),
    height,
    legend: { show: lines.length > 1 },
    cursor: { y: false },
    axes: [
      axis,
      { ...axis, size: 56, ...(unit === undefined ? {} : { values: (_: uPlot, ticks: number[]) => ticks.map(unit) }) },
    ],
    scales: {
      x: { time: over === undefined },
      ...(tight ? {} : { y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.1)] } }),
    },
    series: [
      over === undefined ? {} : { label: over },
      ...lines.map((line) => ({
        label: line.label,
        stroke: colour(line.colour),
        width: 1.5,
        ...(line.fill === true ? { fill: `${colour(line.colour)}33` } : {}),
        points: { show: false },
        ...(unit === undefined ? {} : { value: (_: uPlot, value: number | null) => (value === null ? '' : unit(value)) }),
      })),
    ],
  };
}
