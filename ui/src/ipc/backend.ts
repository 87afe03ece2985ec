import type * as t from './types';

/** The commands of the window; see contract/COMMANDS.md. All may throw `CommandFailure`. */
export interface Backend {
  start(): Promise<t.StartView>;
  preferencesView(): Promise<t.Preferences>;
  preferencesSet(preferences: t.Preferences): Promise<void>;

  /** Sits down as a person with their passphrase; everybody else's key is locked. */
  seatTake(person: string, passphrase: string): Promise<t.PersonView>;
  seatLeave(): Promise<void>;
  /** Somebody has touched the window. */
  seatTouch(): Promise<void>;
  /** Makes a key in place of the one there may be, and sits down. */
  keyRegister(form: t.NewKeyForm): Promise<t.PersonView>;
  keyUnlock(person: string, passphrase: string): Promise<t.PersonView>;
  keyLock(person: string): Promise<t.PersonView>;

  /** The desktop's own dialog, starting at what stands in the field now; null when none was chosen. */
  pathChoose(purpose: t.PathPurpose, title: string, near: string): Promise<string | null>;
  workspaceOpen(path: string): Promise<t.WorkspaceView>;
  workspaceOpenExample(): Promise<t.WorkspaceView>;
  workspaceView(): Promise<t.WorkspaceView>;

  dataBackUp(folder: string): Promise<t.BackupSaved>;
  dataRestore(folder: string): Promise<number>;
  kubeconfigOffers(): Promise<t.KubeconfigOffer[]>;
  kubeconfigPreview(source: t.KubeconfigSource): Promise<t.ImportPreview>;
  contextsImport(form: t.ImportForm): Promise<t.StoredContext[]>;
  contextsList(): Promise<t.StoredContext[]>;
  contextForget(name: string): Promise<void>;
  pluginAllow(context: string, path: string, sha256: string): Promise<t.StoredContext>;
  certificatePresented(environment: string, context: string): Promise<t.CertificateView>;
  certificatePin(environment: string, context: string, sha256: string): Promise<t.StoredContext[]>;
  environmentProbe(environment: string, context: string): Promise<t.ProbeView>;
  environmentBind(environment: string, context: string, probe: t.ProbeView): Promise<t.WorkspaceView>;
  permissionsCheck(environment: string): Promise<t.PermissionsView>;
  environmentSelect(environment: string | null): Promise<t.BannerView>;
  bannerView(): Promise<t.BannerView>;
  identityVerify(environment: string): Promise<t.BannerView>;

  releaseDraft(): Promise<t.ReleaseForm>;
  releaseCreate(form: t.ReleaseForm): Promise<t.ReleaseView>;
  releaseView(release: string): Promise<t.ReleaseView>;
  releaseCancel(release: string, reason: string): Promise<t.ReleaseView>;
  releaseFinish(release: string): Promise<t.ReleaseView>;
  /** Opens a document in the system's browser; `address` is what was shown, letter for letter. */
  documentOpen(release: string, document: number, address: string): Promise<void>;

  checklistView(release: string, stage: string): Promise<t.ChecklistView>;
  tick(release: string, form: t.TickForm): Promise<t.ChecklistView>;
  /** Asks the address that a checklist item names, and writes down what came. */
  itemProbe(release: string, stage: string, item: string): Promise<t.ChecklistView>;
  waive(release: string, form: t.WaiverForm): Promise<t.ReleaseView>;
  /** Asks the manager to waive a condition. */
  waiverAsk(release: string, stage: string, condition: string, reason: string): Promise<t.ReleaseView>;
  vote(release: string, stage: string, go: boolean, reason: string): Promise<t.ReleaseView>;
  gateOpen(release: string, stage: string): Promise<t.ReleaseView>;

  changesRun(release: string, environment: string): Promise<t.ChangesView>;
  changesView(release: string, environment: string): Promise<t.ChangesView>;
  changesReview(release: string, environment: string, digest: string): Promise<t.ChangesView>;
  changeDeclare(release: string, form: t.DeclarationForm): Promise<t.ReleaseView>;
  backupTake(release: string, environment: string): Promise<t.BackupView>;

  arm(release: string, environment: string, module: string, typedName: string | null): Promise<t.BannerView>;
  disarm(): Promise<t.BannerView>;

  rolloutStart(release: string, environment: string, module: string): Promise<t.RolloutView>;
  rolloutPause(release: string, environment: string): Promise<t.RolloutView>;
  rolloutResume(release: string, environment: string): Promise<t.RolloutView>;
  /** Ends somebody else's pause of an object of the running module. */
  rolloutLiftPause(release: string, environment: string, object: string, reason: string): Promise<t.RolloutView>;
  /** Writes down that objects which no status judges were seen to be in effect. */
  rolloutConfirmSeen(release: string, environment: string, objects: string[], note: string): Promise<t.RolloutView>;
  rolloutStop(release: string, environment: string): Promise<t.RolloutView>;
  rolloutView(release: string, environment: string): Promise<t.RolloutView>;
  wayBack(release: string, environment: string): Promise<t.RolloutView>;
  rollbackPreview(release: string, environment: string): Promise<t.RollbackPreviewView>;
  interruptedView(release: string): Promise<t.InterruptedView | null>;
  interruptedContinue(release: string): Promise<t.RolloutView>;

  /** Lines come in batches; each batch has to be acknowledged, or the next ones are held back. */
  logsOpen(
    release: string,
    environment: string,
    module: string,
    receive: (batch: t.LogBatch) => void,
  ): Promise<number>;
  logsAcknowledge(stream: number, sequence: number): Promise<void>;
  logsClose(stream: number): Promise<void>;

  ledgerPage(query: t.LedgerQuery): Promise<t.LedgerPage>;
  ledgerDetail(sequence: number): Promise<t.LedgerDetail>;
  /** The chain as it is known now; costs nothing. */
  chainView(): Promise<t.ChainSummary>;
  /** Walks the whole chain. */
  ledgerVerify(): Promise<t.ChainSummary>;
  /** Notes in the ledger that someone asked for help. */
  helpAsk(release: string): Promise<void>;
  ledgerExport(format: t.ExportFormat, path: string): Promise<t.ExportView>;
  upgradeRecord(release: string | null): Promise<t.UpgradeRecordRow[]>;

  notificationsList(): Promise<t.NotificationView[]>;
  notificationsRead(): Promise<void>;
  workCancel(): Promise<void>;

  /** What goes on while the window is to be closed; null when nobody wants to close it. */
  closingView(): Promise<t.ClosingView | null>;
  closingAnswer(choice: t.ClosingChoice): Promise<void>;

  /** Calls the handler whenever the program says that something changed; returns the way to stop. */
  onChanged(handler: (changed: t.Changed) => void): Promise<() => void>;
}

let chosen: Backend | undefined;

/** Says once, at the entry, who answers the commands. */
export function useBackend(backend: Backend): void {
  chosen = backend;
}

/** Who answers the commands. Throws when `useBackend` has not said it yet: a defect, not a failure to tell. */
export function backend(): Backend {
  if (!chosen) throw new Error('no backend has been chosen');
  return chosen;
}
