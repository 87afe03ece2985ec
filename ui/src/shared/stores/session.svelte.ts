import {
  backend, failureOf,
  type BannerView, type Changed, type ChainSummary, type Failure, type NotificationView, type PersonView,
  type ReleaseView, type RoleView, type StartView, type Topic, type WorkspaceView,
} from '$ipc';
import { kept } from './kept';
import { paced } from './paced';
import { takePreferences } from './preferences.svelte';

type Listener = { topic: Topic; run: (subject: string | null) => void };

const listeners = new Set<Listener>();

/** What the whole window knows: the workspace, the release that is open, the banner, who sits here.
    Screens read from it; what only one screen shows is read by that screen. */
class Session {
  start = $state.raw<StartView | null>(null);
  startFailure = $state<Failure | null>(null);
  /** Why the page was opened again, until somebody has read it. */
  redrawn = $state<Failure | null>(null);
  workspace = $state.raw<WorkspaceView | null>(null);
  banner = $state.raw<BannerView | null>(null);
  release = $state.raw<ReleaseView | null>(null);
  releaseFailure = $state<Failure | null>(null);
  notifications = $state.raw<NotificationView[]>([]);
  chain = $state.raw<ChainSummary | null>(null);
  /** Identifier of who sits at the workstation. */
  person = $state<string | null>(null);
  #asked = 0;

  /** Who sits at the workstation. */
  get me(): PersonView | null {
    return this.personOf(this.person);
  }

  personOf(id: string | null | undefined): PersonView | null {
    return this.workspace?.people.find((person) => person.id === id) ?? null;
  }

  /** A person's name; the identifier where the workspace does not know it. */
  nameOf(id: string | null | undefined): string {
    return this.personOf(id)?.name ?? id ?? '';
  }

  /** What a person is in the open release. */
  roleOf(id: string | null | undefined): RoleView | null {
    const release = this.release;
    if (!release || !id) return null;
    if (release.operator.id === id) return 'operator';
    if (release.verifier.id === id) return 'verifier';
    return release.manager.id === id ? 'manager' : null;
  }

  async load(): Promise<void> {
    try {
      // First, and by itself: a start that fails is told in the person's own language, too.
      takePreferences(await backend().preferencesView());
      const start = await backend().start();
      this.startFailure = null;
      this.start = start;
      this.redrawn = start.redrawn ?? this.redrawn;
      this.chain = start.chain;
      this.person = start.person;
      this.workspace = start.workspace;
      await Promise.all([this.readBanner(), this.readNotifications()]);
    } catch (thrown) {
      const failure = failureOf(thrown);
      // Where it broke is to be seen, too.
      if (failure.code === 'ledgerBroken') this.chain = await backend().chainView().catch(() => null);
      this.startFailure = failure;
    }
  }

  async readWorkspace(): Promise<void> {
    try {
      this.takeWorkspace(await backend().workspaceView());
    } catch (thrown) {
      if (failureOf(thrown).code !== 'noWorkspace') throw thrown;
      this.workspace = null;
    }
  }

  async readBanner(): Promise<void> {
    this.takeBanner(await backend().bannerView());
  }

  async readNotifications(): Promise<void> {
    this.notifications = kept(this.notifications, await backend().notificationsList());
  }

  /** Opens a release: everything below the banner is then about it. */
  async open(release: string): Promise<void> {
    if (this.release?.id !== release) this.release = null;
    this.releaseFailure = null;
    const asked = (this.#asked += 1);
    try {
      const view = await backend().releaseView(release);
      // What a command brought along meanwhile is newer than this.
      if (asked === this.#asked) this.takeRelease(view);
    } catch (thrown) {
      if (asked === this.#asked) this.releaseFailure = failureOf(thrown);
    }
  }

  async readRelease(): Promise<void> {
    if (this.release) await this.open(this.release.id);
  }

  /** Takes the answer of a command that brought a release along. */
  takeRelease(release: ReleaseView): void {
    this.#asked += 1;
    this.release = kept(this.release, release);
    this.releaseFailure = null;
  }

  takeBanner(banner: BannerView): void {
    const before = this.banner;
    this.banner = kept(before, banner);
    // The list of environments must never call verified what the banner calls a stranger, and says why.
    const moved =
      before !== null &&
      (before.environment !== banner.environment || before.identity.state !== banner.identity.state || before.identity.why?.code !== banner.identity.why?.code);
    if (moved && this.workspace) void this.readWorkspace().catch(() => undefined);
  }

  takeWorkspace(workspace: WorkspaceView): void {
    this.workspace = kept(this.workspace, workspace);
  }

  /** Leaves the seat; the key is locked by that. */
  async leave(): Promise<void> {
    await backend().seatLeave();
    await this.seated(null);
  }

  /** Takes over who is in the seat now. */
  async seated(person: string | null): Promise<void> {
    this.person = person;
    // What may be done depends on who sits here: the shown screen asks again, too.
    for (const listener of [...listeners]) if (listener.topic === 'release') listener.run(null);
    await Promise.all([this.readBanner(), this.readRelease(), this.readWorkspace()]);
  }

  // A rollout changes many times a second. A view that cannot be read again stays as it was; the
  // next change or command says why.
  readonly #again: Record<Topic, () => void> = {
    workspace: paced(() => this.readWorkspace()).run,
    banner: paced(() => this.readBanner()).run,
    notifications: paced(() => this.readNotifications()).run,
    release: paced(() => this.readRelease()).run,
    rollout: () => this.#again.release(),
    ledger: paced(() => this.#readChain()).run,
    // The frame asks for it itself.
    closing: () => undefined,
  };

  async #readChain(): Promise<void> {
    if (this.chain) this.chain = kept(this.chain, await backend().chainView());
  }

  /** Reads the open release again, unless that is just being done. */
  readSoon(): void {
    this.#again.release();
  }

  /** The program says that something changed. */
  changed(change: Changed): void {
    for (const listener of [...listeners]) if (listener.topic === change.topic) listener.run(change.subject);
    this.#again[change.topic]();
  }

  /** Back to nothing (tests). */
  reset(): void {
    this.#asked += 1;
    this.start = null;
    this.startFailure = null;
    this.workspace = null;
    this.banner = null;
    this.release = null;
    this.releaseFailure = null;
    this.notifications = [];
    this.chain = null;
    this.person = null;
  }
}

export const session = new Session();

/** Calls back whenever something of the topic changed; returns the way to stop:
    `$effect(() => whenChanged('rollout', read))`. */
export function whenChanged(topic: Topic, run: (subject: string | null) => void): () => void {
  const listener = { topic, run };
  listeners.add(listener);
  return () => listeners.delete(listener);
}
