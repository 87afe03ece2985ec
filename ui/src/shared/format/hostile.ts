/* Text out of clusters, workspaces and kubeconfigs may try to look like something else. It goes
   into text nodes only, and what cannot be seen is made visible. */

export interface Piece {
  text: string;
  /** A stand-in for a character that cannot be seen. */
  mark: boolean;
}

const named: Record<number, string> = {
  0x00a0: 'NBSP', 0x00ad: 'SHY', 0x061c: 'ALM', 0x180e: 'MVS',
  0x200b: 'ZWSP', 0x200c: 'ZWNJ', 0x200d: 'ZWJ', 0x200e: 'LRM', 0x200f: 'RLM',
  0x2028: 'LSEP', 0x2029: 'PSEP', 0x202a: 'LRE', 0x202b: 'RLE', 0x202c: 'PDF', 0x202d: 'LRO', 0x202e: 'RLO',
  0x2060: 'WJ', 0x2066: 'LRI', 0x2067: 'RLI', 0x2068: 'FSI', 0x2069: 'PDI', 0xfeff: 'BOM', 0xfffd: 'U+FFFD',
};

function standIn(code: number): string | undefined {
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return '␡';
  const name = named[code];
  if (name) return `⟦${name}⟧`;
  const unseen =
    (code >= 0x80 && code <= 0x9f) || (code >= 0x2061 && code <= 0x206f) || (code >= 0xfe00 && code <= 0xfe0f) ||
    (code >= 0xfff9 && code <= 0xfffb) || (code >= 0xd800 && code <= 0xdfff) || (code >= 0xe0000 && code <= 0xe0fff) ||
    (code >= 0xe000 && code <= 0xf8ff);
  return unseen ? `⟦U+${code.toString(16).toUpperCase().padStart(4, '0')}⟧` : undefined;
}

/** Splits a text into what can be shown as it is and stand-ins for what cannot. */
export function pieces(text: string): Piece[] {
  const out: Piece[] = [];
  let plain = '';
  for (const char of text) {
    const mark = standIn(char.codePointAt(0) ?? 0);
    if (mark === undefined) {
      plain += char;
      continue;
    }
    if (plain) out.push({ text: plain, mark: false });
    plain = '';
    out.push({ text: mark, mark: true });
  }
  if (plain) out.push({ text: plain, mark: false });
  return out;
}

/** The same as one string, for attributes and announcements. */
export const visible = (text: string): string => pieces(text).map((piece) => piece.text).join('');
