import { backend, type ContextPreview, type ImportPreview, type KubeconfigOffer, type KubeconfigSource, type StoredContext } from '$ipc';
import { Attempt } from '$shared';

export type ImportStep = 'source' | 'contexts' | 'commands';

/** Whether something of a context has to be confirmed: a proxy, another user, no checked certificate. */
export const unusual = (context: ContextPreview): boolean => context.proxy !== null || context.acts_as !== null || context.trust === 'toPin';

/** One import, from where it is read to what was stored. Nothing is stored before `store`. */
export class Import {
  step = $state<ImportStep>('source');
  kind = $state<'path' | 'text'>('path');
  path = $state('');
  text = $state('');
  preview = $state.raw<ImportPreview | null>(null);
  chosen = $state.raw<string[]>([]);
  embed = $state(false);
  /** Contexts whose proxy, other user or unchecked certificate was confirmed. */
  confirmed = $state.raw<string[]>([]);
  /** Kubeconfigs where kubectl would look; listed only. */
  offers = $state.raw<KubeconfigOffer[]>([]);
  /** Files of an offer that was chosen, instead of a path. */
  files = $state.raw<string[] | null>(null);
  stored = $state.raw<StoredContext[]>([]);
  readonly attempt = new Attempt();

  get source(): KubeconfigSource {
    if (this.files) return { files: this.files };
    return this.kind === 'path' ? { path: this.path.trim() } : { text: this.text };
  }

  get ready(): boolean {
    return this.kind === 'path' ? this.path.trim() !== '' : this.text.trim() !== '';
  }

  /** Files that the chosen contexts refer to. */
  get embedded(): string[] {
    const chosen = this.preview?.contexts.filter((context) => this.chosen.includes(context.name)) ?? [];
    return [...new Set(chosen.flatMap((context) => context.files))];
  }

  /** Chosen contexts that have something to confirm which nobody has confirmed. */
  get unconfirmed(): string[] {
    const chosen = this.preview?.contexts.filter((context) => this.chosen.includes(context.name)) ?? [];
    return chosen.filter((context) => unusual(context) && !this.confirmed.includes(context.name)).map((context) => context.name);
  }

  async find(): Promise<void> {
    this.offers = (await backend().kubeconfigOffers().catch(() => [])) ?? [];
  }

  async lookAt(offer: KubeconfigOffer): Promise<void> {
    this.files = offer.files;
    await this.look();
    // A source that cannot be read must not stand in the way of a path.
    if (this.step === 'source') this.files = null;
  }

  back(): void {
    this.files = null;
    this.step = 'source';
  }

  async look(): Promise<void> {
    const preview = await this.attempt.run(() => backend().kubeconfigPreview(this.source));
    if (!preview) return;
    this.preview = preview;
    this.chosen = preview.contexts.filter((context) => !context.refused && !context.stored && !context.plugin?.concerns.length && !context.credential_concerns.length && !unusual(context)).map((context) => context.name);
    this.embed = false;
    this.confirmed = [];
    this.step = 'contexts';
  }

  toggle(name: string): void {
    this.chosen = this.chosen.includes(name) ? this.chosen.filter((one) => one !== name) : [...this.chosen, name];
  }

  confirm(name: string): void {
    this.confirmed = this.confirmed.includes(name) ? this.confirmed.filter((one) => one !== name) : [...this.confirmed, name];
  }

  async store(): Promise<boolean> {
    const stored = await this.attempt.run(() => backend().contextsImport({ source: this.source, contexts: this.chosen, embed_files: this.embed, confirmed: this.confirmed.filter((name) => this.chosen.includes(name)) }));
    if (!stored) return false;
    this.stored = stored.filter((context) => this.chosen.includes(context.name));
    // The pasted text held credentials; it is kept no longer than it is needed.
    this.text = '';
    this.step = 'commands';
    return true;
  }

  async allow(context: StoredContext): Promise<boolean> {
    const { plugin } = context;
    if (!plugin?.path || !plugin.sha256) return false;
    const { path, sha256 } = plugin;
    const allowed = await this.attempt.run(() => backend().pluginAllow(context.name, path, sha256));
    if (allowed) this.stored = this.stored.map((one) => (one.name === allowed.name ? allowed : one));
    return allowed !== null;
  }
}
