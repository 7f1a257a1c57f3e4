/** Offsets `from … to - 1`. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What is left of ordered, disjoint spans when `from … to - 1` is taken out. */
export function without(spans: readonly Span[], from: number, to: number): readonly Span[] {
  if (from >= to) return spans;
  return spans.flatMap((span) => {
    if (span.to <= from || span.from >= to) return [span];
    const parts: Span[] = [];
    if (span.from < from) parts.push({ from: span.from, to: from });
    if (span.to > to) parts.push({ from: to, to: span.to });
    return parts;
  });
}

/** At most `max` spans: the two with the least between them become one, as often as it takes. */
export function atMost(max: number, spans: readonly Span[]): readonly Span[] {
  if (spans.length <= max) return spans;
  let best = 1;
  const between = (i: number): number => (spans[i]?.from ?? 0) - (spans[i - 1]?.to ?? 0);
  for (let i = 2; i < spans.length; i++) if (between(i) < between(best)) best = i;
  const joined = { from: spans[best - 1]?.from ?? 0, to: spans[best]?.to ?? 0 };
  return atMost(max, [...spans.slice(0, best - 1), joined, ...spans.slice(best + 1)]);
}
