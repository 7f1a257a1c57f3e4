import type { PrinterView } from '@switchyard/sdk/printer.ts';
import { JobImage } from '../../parts/job-image.tsx';
import { hrefOf } from '../../route.ts';
import { durationText } from '../../words/time.ts';

/** The print that a printer holds: its picture, how far it is, when it will be done. */
export function PrintProgress({ printer: { name, print, live } }: { printer: PrinterView }) {
  if (print === null) return null;
  const part = live?.job?.progress ?? 0;
  const facts = [
    `${Math.round(part * 1_000) / 10} %`,
    print.remainingS === null ? '' : `${durationText(print.remainingS * 1_000)} left`,
    print.facts?.layers == null ? '' : `${print.facts.layers} layers of ${print.facts.layerHeight ?? '?'} mm`,
    print.facts?.materials.join(', ') ?? '',
    live?.job?.message ?? '',
  ].filter((fact) => fact !== '');
  return (
    <div className="print">
      <JobImage job={print.job} name={print.name} />
      <div>
        <a href={hrefOf('job', [print.job, print.task])}>{print.name}</a>
        <p>
          <progress max={1} value={part} aria-label={`Progress of the print on ${name}`} />
        </p>
        <p className="dim">{facts.join(', ')}</p>
      </div>
    </div>
  );
}

/** Every heater: where it is, and where it shall be. */
export function Heaters({ printer: { live } }: { printer: PrinterView }) {
  const heaters = Object.entries(live?.heaters ?? {});
  if (heaters.length === 0) return null;
  return (
    <dl className="facts">
      {heaters.map(([name, { actual, target }]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="number">
            {actual.toFixed(1)} °C{target !== null && target > 0 && ` → ${target} °C`}
          </dd>
        </div>
      ))}
    </dl>
  );
}
