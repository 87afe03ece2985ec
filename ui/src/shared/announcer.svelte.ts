/* What changes without being looked at is read aloud: politely, or at once if it concerns which
   cluster can be changed. */
let polite = $state('');
let assertive = $state('');

/** Says something to a screen reader. */
export function announce(text: string, urgency: 'polite' | 'assertive' = 'polite'): void {
  // The same words twice are only heard twice if the text differs.
  if (urgency === 'assertive') assertive = assertive === text ? `${text} ` : text;
  else polite = polite === text ? `${text} ` : text;
}

export const spoken = (): { polite: string; assertive: string } => ({ polite, assertive });
