/** Edits (insert, delete, replace, swap of neighbours) between two short texts. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same);
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] && i > 1 && j > 1) best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

const maxLength = 100;

/** The valid word that was most likely meant; null if none is near. */
export function nearest(word: string, valid: readonly string[]): string | null {
  const meant = word.slice(0, maxLength).toLowerCase();
  let best: string | null = null;
  let least = Math.max(2, Math.floor(meant.length / 3)) + 1;
  for (const candidate of valid) {
    const edits = distance(meant, candidate.toLowerCase());
    if (edits < least) [best, least] = [candidate, edits];
  }
  return best;
}

/** `did you mean X?`, else all there is when that is short. */
export function hint(word: string, valid: readonly string[]): string {
  const best = nearest(word, valid);
  if (best !== null) return `did you mean ${best}?`;
  return valid.length <= 12 ? `there are ${valid.join(', ')}` : 'switchyard serve --help lists all';
}
