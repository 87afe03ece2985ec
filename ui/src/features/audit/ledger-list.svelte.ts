import { backend, failureOf, type ChainSummary, type Failure, type LedgerPage, type LedgerQuery, type LedgerRow } from '$ipc';
import type { At } from '$ipc';

/** What is looked for, without paging. */
export type LedgerWants = Omit<LedgerQuery, 'before' | 'limit'>;

export const NOTHING_WANTED: LedgerWants = { words: '', release: null, environment: null, person: null, verb: null };

const PAGE = 200;

/** The rows of the ledger that match, newest first, read page by page as the reader goes down. */
export class LedgerList {
  rows = $state.raw<LedgerRow[]>([]);
  matches = $state(0);
  /** Whether there are more than were counted. */
  uncounted = $state(false);
  chain = $state.raw<ChainSummary | null>(null);
  since = $state<At | null>(null);
  people = $state.raw<string[]>([]);
  verbs = $state.raw<string[]>([]);
  busy = $state(true);
  failure = $state.raw<Failure | null>(null);
  #wants: LedgerWants = NOTHING_WANTED;
  #asked = 0;
  #more = false;

  get complete(): boolean {
    return !this.uncounted && this.rows.length >= this.matches;
  }

  /** Begins again at the newest entry. What is shown stays until the answer is there. */
  async find(wants: LedgerWants): Promise<void> {
    const asked = (this.#asked += 1);
    this.#wants = wants;
    this.#more = false;
    this.busy = true;
    try {
      const page = await backend().ledgerPage({ ...wants, before: null, limit: PAGE });
      if (asked !== this.#asked) return;
      this.rows = page.rows;
      this.#keep(page);
    } catch (thrown) {
      if (asked === this.#asked) this.failure = failureOf(thrown);
    } finally {
      if (asked === this.#asked) this.busy = false;
    }
  }

  /** Takes what was written meanwhile on top; the reader stays where he is. */
  async grow(): Promise<void> {
    const newest = this.rows[0];
    if (this.busy || !newest) return this.find(this.#wants);
    const asked = this.#asked;
    try {
      const page = await backend().ledgerPage({ ...this.#wants, before: null, limit: PAGE });
      if (asked !== this.#asked) return;
      const fresh = page.rows.filter((row) => row.sequence > newest.sequence);
      // Entries are never changed. Only when more came than a page holds there is a gap to mind.
      if (fresh.length === page.rows.length) this.rows = page.rows;
      else if (fresh.length > 0) this.rows = [...fresh, ...this.rows];
      this.#keep(page);
    } catch (thrown) {
      if (asked === this.#asked) this.failure = failureOf(thrown);
    }
  }

  /** Reads the page before the oldest row shown; does nothing while one is under way. */
  async more(): Promise<void> {
    const oldest = this.rows.at(-1);
    if (this.#more || this.busy || this.complete || !oldest) return;
    const asked = this.#asked;
    this.#more = true;
    try {
      const page = await backend().ledgerPage({ ...this.#wants, before: oldest.sequence, limit: PAGE });
      if (asked !== this.#asked) return;
      this.rows = [...this.rows, ...page.rows];
      this.#keep(page);
      // An empty page ends it even if the count says otherwise.
      if (page.rows.length === 0) {
        this.matches = this.rows.length;
        this.uncounted = false;
      }
    } catch (thrown) {
      if (asked === this.#asked) this.failure = failureOf(thrown);
    } finally {
      if (asked === this.#asked) this.#more = false;
    }
  }

  #keep(page: LedgerPage): void {
    this.matches = page.matches;
    this.uncounted = page.more;
    this.chain = page.chain;
    this.since = page.since;
    this.people = page.people;
    this.verbs = page.verbs;
    this.failure = null;
  }
}
