import { m } from '$messages';

/** `a, b, c`, or `a、b、c` in Chinese. */
export const listed = (items: readonly string[]): string => items.join(m.shared_list_between());
