/** Thousands are set apart; numbers are never shortened. */
export const count = (n: number): string => n.toLocaleString('en-US');

/** Keeps both ends: `9qXk…7Lw`. Names are told apart by their ends as often as by their beginnings. */
export function middle(text: string, head = 6, tail = 4): string {
  const chars = Array.from(text);
  return chars.length <= head + tail + 1 ? text : `${chars.slice(0, head).join('')}…${chars.slice(-tail).join('')}`;
}

/** `7c1e…a94f` of a UID. */
export const shortUid = (uid: string): string => middle(uid, 4, 4);

/** `3F:9A…D2:07` of a colon-separated digest. */
export const shortDigest = (digest: string): string => middle(digest, 5, 5);

/** `SHA256:9qXk…7Lw` of a key's fingerprint. */
export const shortFingerprint = (fingerprint: string): string => {
  const [kind, value] = fingerprint.includes(':') ? fingerprint.split(/:(.*)/s) : ['', fingerprint];
  return `${kind ? `${kind}:` : ''}${middle(value ?? '', 4, 3)}`;
};
