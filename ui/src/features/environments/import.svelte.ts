import { backend, type ImportPreview, type KubeconfigSource, type StoredContext } from '$ipc';
import { Attempt } from '$shared';

export type ImportStep = 'source' | 'contexts' | 'commands';

/** One import, from where it is read to what was stored. Nothing is stored before `store`. */
export class Import {
  step = $state<ImportStep>('source');
  kind = $state<'path' | 'text'>('path');
  path = $state('');
  text = $state('');
  preview = $state.raw<ImportPreview | null>(null);
  chosen = $state.raw<string[]>([]);
  embed = $state(false);
  stored = $state.raw<StoredContext[]>([]);
  readonly attempt = new Attempt();

  get source(): KubeconfigSource {
    return this.kind === 'path' ? { path: this.path.trim() } : { text: this.text };
  }

  get ready(): boolean {
    return this.kind === 'path' ? this.path.trim() !== '' : this.text.trim() !== '';
  }

  /** Files that the chosen contexts refer to. */
  get files(): string[] {
    const chosen = this.preview?.contexts.filter((context) => this.chosen.includes(context.name)) ?? [];
    return [...new Set(chosen.flatMap((context) => context.files))];
  }

  async look(): Promise<void> {
    const preview = await this.attempt.run(() => backend().kubeconfigPreview(this.source));
    if (!preview) return;
    this.preview = preview;
    this.chosen = preview.contexts.filter((context) => !context.refused && !context.stored && !context.plugin?.concerns.length).map((context) => context.name);
    this.embed = false;
    this.step = 'contexts';
  }

  toggle(name: string): void {
    this.chosen = this.chosen.includes(name) ? this.chosen.filter((one) => one !== name) : [...this.chosen, name];
  }

  async store(): Promise<boolean> {
    const stored = await this.attempt.run(() => backend().contextsImport({ source: this.source, contexts: this.chosen, embed_files: this.embed }));
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
