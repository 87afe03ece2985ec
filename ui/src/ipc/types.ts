/* What crosses between the program and this window: the mirror of src-tauri/crates/contract.
   Written by hand until the bindings are generated; names and shapes are the same as there. */

/** An instant: RFC 3339 in UTC, with milliseconds. */
export type At = string;

/** Words that come from a workspace, in both languages; the window picks one. */
export interface Text {
  /** Simplified Chinese. */
  zh: string;
  /** English. */
  en: string;
}

/** Done so far out of a total, for bars and counters. */
export interface Progress {
  /** How much is done, in the unit of the total. */
  done: number;
  /** The whole. */
  total: number;
  /** What is counted. */
  unit: ProgressUnit;
}

/** What a [`Progress`] counts. */
export type ProgressUnit =
  /** Seconds of waiting. */
  | 'seconds'
  /** Checklist items. */
  | 'items'
  /** Modules. */
  | 'modules'
  /** Kubernetes objects. */
  | 'objects'
  /** Permissions, one verb on one resource each. */
  | 'permissions';

/** Why something was not done. The window turns the code into three sentences in the person's language: what happened, what is unchanged, what to do next. */
export interface Failure {
  /** What kind of failure; the window matches all of them. */
  code: FailureCode;
  /** Values the sentences name (`file`, `line`, `cluster`, `verb` …). Never a secret. */
  params: Record<string, string>;
  /** Technical detail for the person who mends it, in English, already free of secrets. */
  detail: string | null;
}

/** Every kind of failure that the window can show. */
export type FailureCode =
  /** Workspace folder cannot be read. Params: path. */
  | 'workspaceUnreadable'
  /** A workspace file is wrong. Params: file, line, column, expected. */
  | 'workspaceInvalid'
  /** No workspace is open. */
  | 'noWorkspace'
  /** The kubeconfig text cannot be read. Params: line, column, expected. */
  | 'kubeconfigInvalid'
  /** The context needs something that is refused (insecure-skip-tls-verify …). Params: context, what. */
  | 'contextRefused'
  /** The context's exec plugin has not been allowed, or has changed since. Params: command, sha256. */
  | 'pluginNotAllowed'
  /** No keychain on this workstation. */
  | 'keychainMissing'
  /** The keychain is locked. */
  | 'keychainLocked'
  /** The keychain did not answer within its bound. Params: seconds. */
  | 'keychainTimeout'
  /** The keychain lost the entry. Params: entry. */
  | 'keychainEntryMissing'
  /** The keychain refused or answered with something unreadable. */
  | 'keychainBroken'
  /** The environment is not bound to a cluster. Params: environment. */
  | 'notBound'
  /** The cluster cannot be reached. Params: cluster, host. */
  | 'clusterUnreachable'
  /** The cluster's certificate is not trusted by the pinned CA. Params: cluster, host. */
  | 'clusterUntrusted'
  /** The credential was refused (401). Params: cluster. */
  | 'credentialRefused'
  /** The cluster is not the pinned one. Params: cluster, expected, found. */
  | 'identityMismatch'
  /** The identity was checked too long ago. Params: cluster, age, limit. */
  | 'identityStale'
  /** The user may not do it (403). Params: cluster, verb, resource, namespace. */
  | 'permissionMissing'
  /** The cluster answered that it is busy (429/503) for longer than the bound. Params: cluster. */
  | 'clusterBusy'
  /** No answer to a change: whether it happened is being read back. Params: cluster, object. */
  | 'outcomeUnknown'
  /** The object is not as it was when the diff was made. Params: object, field. */
  | 'objectChanged'
  /** Another field manager owns the field. Params: object, field, manager. */
  | 'fieldConflict'
  /** The cluster refused the object (422, admission). Params: object. */
  | 'objectRejected'
  /** The cluster lacks the kind. Params: kind. */
  | 'kindUnknown'
  /** The cluster failed in another way. Params: cluster. */
  | 'clusterFailed'
  | 'rolloutFailed'
  | 'rolloutErrored'
  | 'wayBackFailed'
  /** The rules refuse the command. Params: refusal and what it names. */
  | 'refused'
  /** A person's passphrase is wrong. */
  | 'passphraseWrong'
  /** The person has no key yet. Params: person. */
  | 'noKey'
  /** The person's key is locked. Params: person. */
  | 'keyLocked'
  /** The ledger's chain is broken. Params: sequence. */
  | 'ledgerBroken'
  /** Another instance holds the data folder. Params: path, process. */
  | 'ledgerInUse'
  /** The ledger belongs to a newer version. Params: found, known. */
  | 'ledgerNewer'
  /** The ledger cannot be written (full disk, read-only …). Params: path. */
  | 'ledgerUnwritable'
  /** Someone else appended first; the view was out of date. */
  | 'ledgerMoved'
  /** Unknown release. Params: release. */
  | 'releaseUnknown'
  /** The export file cannot be written. Params: path. */
  | 'exportUnwritable'
  /** A form field is wrong. Params: field, expected. */
  | 'formInvalid'
  /** The long-running work was cancelled by the person. */
  | 'cancelled'
  /** A defect of the program. Params: none; the detail says where. */
  | 'internal';

/** What a person is in a release. */
export type RoleView =
  /** Carries the release out. */
  | 'operator'
  /** Verifies it; never the operator of the same release. */
  | 'verifier'
  /** Decides on waivers and Go/No-Go. */
  | 'manager';

/** A person of the workspace. */
export interface PersonView {
  /** The identifier in `pilothouse.yaml`. */
  id: string;
  /** The name to show. */
  name: string;
  /** What this person may be in a release. */
  roles: RoleView[];
  /** The key of the person on this workstation. */
  key: KeyView;
}

/** A person's signing key. */
export interface KeyView {
  /** Where the key is. */
  state: KeyState;
  /** `SHA256:` and base64 of the public key's digest. */
  fingerprint: string | null;
  /** When the key was made known to the ledger. */
  registered_at: At | null;
}

/** Whether a key can sign now. */
export type KeyState =
  /** None on this workstation. */
  | 'none'
  /** In the keychain, sealed by its passphrase. */
  | 'locked'
  /** Unlocked until the program ends or the person locks it. */
  | 'unlocked';

/** A signature under a tick, a waiver or a vote. */
export interface SignatureView {
  /** Who signed. */
  person: string;
  /** The signer's name. */
  name: string;
  /** When. */
  at: At;
  /** The key's fingerprint. */
  fingerprint: string;
}

/** How an environment's banner looks (design 00). */
export type BannerLook =
  /** No cluster selected. */
  | 'unselected'
  /** Not production. */
  | 'offline'
  /** Production, but not the last stop. */
  | 'production'
  /** The last production stop: the only one with the hazard stripe. */
  | 'lastProduction';

/** The banner: which cluster this window can change. */
export interface BannerView {
  /** Colour, glyph and edge. */
  look: BannerLook;
  /** The selected environment. */
  environment: string | null;
  /** Its name. */
  name: Text | null;
  /** Which stop of the pipeline it belongs to, from 1. */
  stop: number;
  /** How many stops there are. */
  stops: number;
  /** The cluster's name in the workspace. */
  cluster: string;
  /** Host and port of the API server. */
  host: string;
  /** Namespaces that the environment names. */
  namespaces: string[];
  /** What is known of the identity. */
  identity: IdentityView;
  /** User name at the cluster (SelfSubjectReview). */
  cluster_user: string | null;
  /** Who sits at the workstation. */
  person: string | null;
  /** As what. */
  role: RoleView | null;
  /** Whether anything can be changed now. */
  arming: ArmingView;
  /** The cluster is a rehearsal cluster of this workstation, told by its identity. */
  rehearsal: boolean;
}

/** What is known of a cluster's identity. */
export interface IdentityView {
  /** The verdict. */
  state: IdentityState;
  /** When it was last verified. */
  verified_at: At | null;
  /** After how many seconds a verification is too old to change anything. */
  limit_s: number;
  /** Pinned `kube-system` UID. */
  uid: string | null;
  /** Pinned CA, SHA-256, hex with colons. */
  ca: string | null;
  /** The UID found instead. */
  found_uid: string | null;
  /** The CA found instead. */
  found_ca: string | null;
}

/** Verdict on a cluster's identity. */
export type IdentityState =
  /** Nothing pinned. */
  | 'unbound'
  /** Verified and young enough. */
  | 'verified'
  /** Verified once, too long ago. */
  | 'stale'
  /** Another cluster answers. */
  | 'mismatch'
  /** No answer. */
  | 'unreachable';

/** Whether the window can change the cluster. */
export interface ArmingView {
  /** The state. */
  state: ArmingState;
  /** Why it is read-only. */
  reason: ReadOnlyReason | null;
  /** The module it is armed for. */
  module: string | null;
  /** Until when. */
  until: At | null;
  /** Whether arming asks for the cluster's name (production). */
  asks_name: boolean;
}

/** State of the arming box. */
export type ArmingState =
  /** Nothing can be changed; going back always can. */
  | 'readOnly'
  /** One module can be changed for a time. */
  | 'armed'
  /** A way back is under way. */
  | 'rollingBack';

/** Why nothing can be changed. */
export type ReadOnlyReason =
  /** No cluster is selected. */
  | 'unselected'
  /** Nobody armed it. */
  | 'notArmed'
  /** The gate is closed. */
  | 'gateClosed'
  /** The identity check is too old. */
  | 'identityStale'
  /** Another cluster answers. */
  | 'identityMismatch'
  /** Not bound yet. */
  | 'unbound'
  /** The person is the verifier. */
  | 'verifier'
  /** No release is open. */
  | 'noRelease'
  /** Everything here is done. */
  | 'done';

/** An environment in the list of environments (design 07). */
export interface EnvironmentView {
  /** Identifier in `pilothouse.yaml`. */
  id: string;
  /** Name to show. */
  name: Text;
  /** The stage it belongs to. */
  stage: string;
  /** Colour and glyph. */
  look: BannerLook;
  /** Cluster name. */
  cluster: string;
  /** Namespaces that the environment names. */
  namespaces: string[];
  /** The keychain entry bound to it. */
  context: string | null;
  /** API server, host and port. */
  host: string | null;
  /** Identity. */
  identity: IdentityView;
  /** The API server's version. */
  version: string | null;
  /** Seconds the cluster's clock is ahead (negative: behind) of the workstation's. */
  clock_skew_s: number | null;
  /** Whether the cluster is a rehearsal cluster of this workstation. */
  rehearsal: boolean;
}

/** What a kubeconfig holds, before anything of it is stored or run. */
export interface ImportPreview {
  /** Contexts in the file's order. */
  contexts: ContextPreview[];
  /** What is odd about the file as a whole (duplicate names …), in English, printable. */
  warnings: string[];
}

/** One context of a kubeconfig. */
export interface ContextPreview {
  /** Name in the file. */
  name: string;
  /** Server URL as written. */
  server: string;
  /** SHA-256 of the embedded CA, hex with colons. */
  ca: string | null;
  /** Name of the user entry. */
  user: string;
  /** How it authenticates. */
  credential: CredentialKind;
  /** The command it would run, word by word; never run on import. */
  plugin: PluginView | null;
  /** Files it refers to, which are embedded only after asking. */
  files: string[];
  /** Why it cannot be imported, if it cannot. */
  refused: ContextRefusal | null;
  /** Whether an entry of that name is in the keychain already. */
  stored: boolean;
}

/** How a context authenticates. */
export type CredentialKind =
  /** Bearer token. */
  | 'token'
  /** Client certificate. */
  | 'certificate'
  /** User name and password. */
  | 'basic'
  /** External command. */
  | 'plugin'
  /** None. */
  | 'anonymous';

/** An external credential command, shown word by word. */
export interface PluginView {
  /** The command and each argument, unjoined. */
  words: string[];
  /** Names of the environment variables that it would get (never values). */
  environment: string[];
  /** Absolute path that it resolves to. */
  path: string | null;
  /** SHA-256 of the file at that path. */
  sha256: string | null;
  /** Whether this path with this digest has been allowed. */
  allowed: boolean;
  /** Properties that speak against it. */
  concerns: PluginConcern[];
}

/** What speaks against a credential command. */
export type PluginConcern =
  /** It runs a shell. */
  | 'shell'
  /** It names a plain http address. */
  | 'plainHttp'
  /** Its path is not absolute. */
  | 'relativePath'
  /** There is no such file. */
  | 'notFound'
  /** It is the legacy `auth-provider` command. */
  | 'legacyAuthProvider';

/** Why a context cannot be imported. */
export type ContextRefusal =
  /** `insecure-skip-tls-verify`. */
  | 'insecureTls'
  /** The server is not https. */
  | 'notHttps'
  /** Its cluster entry is missing. */
  | 'missingCluster'
  /** Its user entry is missing. */
  | 'missingUser'
  /** No CA is embedded or readable, so that nothing could be pinned. */
  | 'noCa'
  /** A certificate or key cannot be read. */
  | 'badCertificate'
  /** The name occurs more than once. */
  | 'duplicateName'
  /** Control characters or an unusable URL. */
  | 'unprintable'
  /** `proxy-url` or impersonation, which this version does not carry. */
  | 'unsupported';

/** What a cluster says of itself before it is pinned. */
export interface ProbeView {
  /** `kube-system` UID. */
  uid: string;
  /** Server URL. */
  url: string;
  /** CA SHA-256, hex with colons. */
  ca: string;
  /** Server version. */
  version: string;
  /** Who one is there. */
  user: string;
  /** Seconds the cluster's clock is ahead of the workstation's. */
  clock_skew_s: number;
  /** The identity is that of a rehearsal cluster of this workstation. */
  rehearsal: boolean;
  /** Other environments that are pinned to the same cluster. */
  shared_with: string[];
}

/** What the person may do in an environment, verb by verb. */
export interface PermissionsView {
  /** The environment asked about. */
  environment: string;
  /** When it was asked. */
  at: At;
  /** One row a resource. */
  rows: PermissionRow[];
  /** How many that a release needs are missing. */
  missing: number;
  /** How many are wider than needed. */
  excessive: number;
}

/** Permissions on one resource. */
export interface PermissionRow {
  /** `deployments.apps`, `pods/log` … */
  resource: string;
  /** Namespace, or none for the cluster. */
  namespace: string | null;
  /** One cell a verb, in the order get, watch, patch, create, delete. */
  cells: PermissionCell[];
}

/** One verb. */
export interface PermissionCell {
  /** The verb. */
  verb: string;
  /** Whether the cluster says yes. */
  allowed: boolean;
  /** Whether a release needs it. */
  needed: boolean;
}

/** A context in the keychain. */
export interface StoredContext {
  /** Its name in the keychain. */
  name: string;
  /** Host and port of the API server. */
  host: string;
  /** How it authenticates. */
  credential: CredentialKind;
  /** The command it runs, if it runs one. */
  plugin: PluginView | null;
  /** When its client certificate or token ends, if that can be told. */
  expires_at: At | null;
  /** Environments that are bound to it. */
  bound_to: string[];
}

/** The gate before a stage (design 02). */
export interface GateView {
  /** The stage it opens. */
  stage: string;
  /** Name of the stage before; none for the first gate. */
  from: Text | null;
  /** Name of the stage it opens. */
  to: Text;
  /** Whether it is open. */
  open: boolean;
  /** When it was opened. */
  opened_at: At | null;
  /** Who opened it. */
  opened_by: string | null;
  /** Conditions met or waived. */
  met: number;
  /** All conditions. */
  total: number;
  /** Conditions in order. */
  conditions: ConditionView[];
  /** Go/No-Go votes, one a required role. */
  votes: VoteView[];
  /** Whether the person at the workstation may open it now. */
  may_open: boolean;
  /** Why not. */
  why_not: RefusalView | null;
  /** Modules behind it, in the order they will go. */
  modules: string[];
  /** Pods behind it, as far as known. */
  pods: number | null;
  /** Minutes that arming lasts behind it. */
  arming_minutes: number;
  /** Seconds of soak behind it. */
  soak_s: number;
  /** When the last waiting condition will be met by itself, if that can be told. */
  earliest_at: At | null;
}

/** One condition of a gate. */
export interface ConditionView {
  /** Identifier, unique in the gate. */
  id: string;
  /** What it asks for. */
  kind: ConditionKind;
  /** The verdict. */
  state: ConditionState;
  /** Values that its sentences name (`stage`, `environment`, `done`, `total`, `digest` …). */
  params: Record<string, string>;
  /** Short evidence (a digest, a count, a time), if any. */
  evidence: string | null;
  /** How far it is. */
  progress: Progress | null;
  /** Who has to act; none means it is probed. */
  person: string | null;
  /** Whether it may be waived. */
  waivable: boolean;
  /** The waiver, if it was. */
  waiver: WaiverView | null;
  /** When it will be met by itself. */
  expected_at: At | null;
}

/** What a condition asks for. */
export type ConditionKind =
  /** The previous stage passed. */
  | 'previousStagePassed'
  /** The soak after the previous stage is over. */
  | 'soakPassed'
  /** The checklist items due here are signed. */
  | 'checklistComplete'
  /** The dry-run diff has been reviewed and nothing in it is undeclared. */
  | 'diffReviewed'
  /** Every live object is backed up. */
  | 'backupTaken'
  /** The identity of every cluster behind the gate is verified. */
  | 'identityVerified'
  /** The cluster says yes to every verb needed. */
  | 'permissionsPresent';

/** Verdict on a condition. */
export type ConditionState =
  /** It holds. */
  | 'met'
  /** It does not hold; someone has to act. */
  | 'unmet'
  /** It will hold by itself. */
  | 'waiting'
  /** It could not be told. */
  | 'unknown'
  /** A manager waived it. */
  | 'waived';

/** A waived condition. */
export interface WaiverView {
  /** Why. */
  reason: string;
  /** Until when it has to be made up for. */
  make_up_by: At;
  /** Signature of the manager. */
  signature: SignatureView;
}

/** One Go/No-Go vote. */
export interface VoteView {
  /** The role that votes. */
  role: RoleView;
  /** The person. */
  person: string;
  /** The person's name. */
  name: string;
  /** What was said; none yet. */
  go: boolean | null;
  /** With which words. */
  reason: string | null;
  /** The signature. */
  signature: SignatureView | null;
  /** Whether the person at the workstation may cast this vote now. */
  may_vote: boolean;
}

/** Why the rules refuse something. */
export interface RefusalView {
  /** Which rule. */
  code: RefusalCode;
  /** Values that its sentence names. */
  params: Record<string, string>;
}

/** Every rule that can refuse a command. */
export type RefusalCode =
  /** There is such a release already. */
  | 'releaseExists'
  /** The release is over. */
  | 'releaseOver'
  /** No such stage, environment, module, item or condition in this release. */
  | 'notInRelease'
  /** Operator and verifier are the same person. */
  | 'verifierIsOperator'
  /** The person lacks the role. */
  | 'roleMissing'
  /** A field of the release is empty or wrong. Params: field. */
  | 'fieldInvalid'
  /** Only the operator may do this. */
  | 'notOperator'
  /** The signature does not verify, or is of another key or statement. */
  | 'signatureInvalid'
  /** Nobody registered a key for the person. */
  | 'noKeyRegistered'
  /** The gate is closed. */
  | 'gateClosed'
  /** The gate is open already. */
  | 'gateAlreadyOpen'
  /** A condition is not met. Params: condition, state. */
  | 'conditionUnmet'
  /** A condition cannot be waived. */
  | 'notWaivable'
  /** The reason is too short. Params: least. */
  | 'reasonTooShort'
  /** A vote is missing or No-Go. Params: role. */
  | 'voteMissing'
  /** The identity is not verified, or too long ago. */
  | 'identityNotVerified'
  /** Another cluster answers. */
  | 'identityMismatch'
  /** The typed cluster name is another. Params: expected. */
  | 'wrongClusterName'
  /** Not armed for this module, or the time is over. */
  | 'notArmed'
  /** No backup, or not of this object. */
  | 'noBackup'
  /** The diff was not reviewed, or is another than the reviewed one. */
  | 'diffNotReviewed'
  /** The diff has an undeclared change. */
  | 'undeclaredChange'
  /** A permission is missing. */
  | 'permissionMissing'
  /** A module that this one depends on has not passed here. Params: module. */
  | 'dependencyFirst'
  /** An earlier environment of the stage has not passed. Params: environment. */
  | 'environmentFirst'
  /** Something is running here already. */
  | 'alreadyRunning'
  /** Nothing is running here. */
  | 'notRunning'
  /** An intent has no outcome yet; it has to be read back first. */
  | 'outcomePending'
  /** It passed already. */
  | 'alreadyPassed'
  /** Nothing of this release was changed here. */
  | 'nothingToRestore'
  /** The item is signed already. */
  | 'alreadySigned'
  /** The environment was taken back; a new release is needed. */
  | 'wasTakenBack'
  /** The item is automatic. */
  | 'itemAutomatic';

/** One release with everything the window shows of it. */
export interface ReleaseView {
  /** `REL-20260915-01`. */
  id: string;
  /** Title. */
  title: string;
  /** Background in words. */
  background: string;
  /** Risk level. */
  level: LevelView;
  /** When it was created. */
  created_at: At;
  /** Where it stands. */
  status: ReleaseStatus;
  /** Operator. */
  operator: PersonHead;
  /** Verifier. */
  verifier: PersonHead;
  /** Release manager. */
  manager: PersonHead;
  /** Documents. */
  documents: DocumentView[];
  /** Modules and versions in the order they go. */
  modules: ReleaseModuleView[];
  /** Stages in order. */
  stages: StageView[];
  /** Gates in order, one before each stage. */
  gates: GateView[];
  /** The stage that matters now. */
  current_stage: string | null;
  /** The environment that matters now. */
  current_environment: string | null;
  /** What to do next, most urgent first. */
  next: NextStep[];
  /** What happened, newest first; at most 200. */
  timeline: TimelineEntry[];
  /** Set when the work was cut off. */
  interrupted: InterruptedView | null;
  /** The way back, always in the same corner. */
  way_back: WayBackView;
  /** Newest backup of the current environment. */
  backup_objects: number | null;
  /** When that backup was taken. */
  backup_at: At | null;
}

/** A person in a release. */
export interface PersonHead {
  /** Identifier. */
  id: string;
  /** Name. */
  name: string;
}

/** A document of a release. */
export interface DocumentView {
  /** Title. */
  title: string;
  /** `https` address. */
  url: string;
}

/** A module of a release. */
export interface ReleaseModuleView {
  /** The module. */
  id: string;
  /** The version it goes to. */
  version: string;
  /** Modules that go before it. */
  depends_on: string[];
}

/** Risk level of a release. */
export type LevelView =
  /** Low. */
  | 'low'
  /** Medium. */
  | 'medium'
  /** High. */
  | 'high';

/** Where a release stands. */
export type ReleaseStatus =
  /** Under way. */
  | 'running'
  /** Every stage passed. */
  | 'passed'
  /** Ended before the last stage. */
  | 'cancelled'
  /** Taken back somewhere. */
  | 'takenBack';

/** One stop of the pipeline. */
export interface StageView {
  /** Identifier. */
  id: string;
  /** Name. */
  name: Text;
  /** Colour and glyph. */
  look: BannerLook;
  /** Where it stands. */
  status: StageStatus;
  /** Its environments in order. */
  environments: EnvironmentHead[];
  /** A row a module, a cell an environment. */
  rows: StageRow[];
  /** When the first change was made. */
  started_at: At | null;
  /** When the last environment passed. */
  passed_at: At | null;
  /** Soak after it. */
  soak: SoakView | null;
  /** Checklist items signed. */
  checklist_done: number;
  /** Checklist items in all (without day 1 and day 2). */
  checklist_total: number;
}

/** Where a stage stands. */
export type StageStatus =
  /** Its gate is closed. */
  | 'notStarted'
  /** Its gate is open, nothing is changed yet. */
  | 'open'
  /** Something runs in it. */
  | 'running'
  /** All is rolled out, the soak goes on. */
  | 'soaking'
  /** Passed. */
  | 'passed'
  /** A rollout failed. */
  | 'failed'
  /** Taken back. */
  | 'takenBack';

/** An environment of a stage. */
export interface EnvironmentHead {
  /** Identifier. */
  id: string;
  /** Name. */
  name: Text;
  /** Short name for a column (`dev`). */
  short: string;
  /** Cluster name. */
  cluster: string;
}

/** A module over the environments of a stage. */
export interface StageRow {
  /** The module. */
  module: string;
  /** One cell an environment. */
  cells: StageCell[];
}

/** A module in an environment. */
export interface StageCell {
  /** The environment. */
  environment: string;
  /** Where it stands. */
  status: ModuleStatus;
  /** The version it comes from, once known. */
  from: string | null;
  /** The version it goes to. */
  to: string;
  /** Ready pods of the new version. */
  ready: number | null;
  /** Wanted pods. */
  total: number | null;
}

/** Where a module stands in an environment. */
export type ModuleStatus =
  /** Not begun. */
  | 'waiting'
  /** Being changed. */
  | 'running'
  /** Paused by the person. */
  | 'paused'
  /** Stopped by the person. */
  | 'stopped'
  /** Healthy on the new version. */
  | 'passed'
  /** The change is bad. */
  | 'failed'
  /** We could not tell. */
  | 'errored'
  /** Going back. */
  | 'goingBack'
  /** Back on the old version. */
  | 'takenBack';

/** Soak after a stage. */
export interface SoakView {
  /** Length in seconds. */
  seconds: number;
  /** When it began. */
  from: At;
  /** When it ends. */
  until: At;
  /** Whether it is over. */
  over: boolean;
}

/** Something to do next. */
export interface NextStep {
  /** What. */
  kind: NextStepKind;
  /** In which stage. */
  stage: string;
  /** In which environment. */
  environment: string | null;
  /** For which module. */
  module: string | null;
  /** Who has to do it; none means it comes by itself. */
  person: string | null;
  /** Done so far, for counted things. */
  done: number | null;
  /** Out of how many. */
  total: number | null;
  /** When it comes by itself. */
  expected_at: At | null;
}

/** Kinds of next steps; each leads to the screen where it is done. */
export type NextStepKind =
  /** Settle what was cut off. */
  | 'resume'
  /** Bind the environment to a cluster. */
  | 'bind'
  /** Verify the identity. */
  | 'verifyIdentity'
  /** Check the permissions. */
  | 'checkPermissions'
  /** Make the dry run and review it. */
  | 'reviewDiff'
  /** Take the backup. */
  | 'takeBackup'
  /** Sign checklist items. */
  | 'signChecklist'
  /** Wait for the soak. */
  | 'soak'
  /** Vote. */
  | 'vote'
  /** Open the gate. */
  | 'openGate'
  /** Arm for a module. */
  | 'arm'
  /** Roll a module out. */
  | 'rollOut'
  /** Watch what is running. */
  | 'watch'
  /** Decide on a failed module. */
  | 'decide'
  /** Close the release. */
  | 'finish';

/** One line of the timeline. */
export interface TimelineEntry {
  /** Position in the ledger; none for what is to come. */
  sequence: number | null;
  /** When. */
  at: At;
  /** The ledger's verb, translated by the window as in the audit log. */
  verb: string;
  /** Values that its sentence names. */
  params: Record<string, string>;
  /** Who. */
  person: string | null;
  /** Environment name. */
  environment: Text | null;
  /** How it is marked. */
  mark: TimelineMark;
}

/** How a line of the timeline is marked. */
export type TimelineMark =
  /** Went well. */
  | 'good'
  /** Going on. */
  | 'now'
  /** Went badly. */
  | 'bad'
  /** To be remembered (waivers, declarations, refusals). */
  | 'note'
  /** To come. */
  | 'future';

/** The way back of the current environment. */
export interface WayBackView {
  /** Whether there is anything to go back to, or it is going. */
  state: WayBackState;
  /** The environment that would be taken back. */
  environment: string | null;
  /** Its name. */
  environment_name: Text | null;
  /** Modules changed there, in the order they would go back. */
  modules: WayBackModule[];
  /** The longest way back measured for these modules, milliseconds. */
  measured_ms: number | null;
  /** Where that was measured. */
  measured_in: Text | null;
  /** How long the last one here took, milliseconds. */
  took_ms: number | null;
  /** Whether the person at the workstation may do it (a verifier asks the operator instead). */
  may: boolean;
  /** Why not. */
  why_not: RefusalView | null;
}

/** A module that would go back. */
export interface WayBackModule {
  /** The module. */
  module: string;
  /** The version it goes back to. */
  to: string | null;
}

/** State of the way back. */
export type WayBackState =
  /** Nothing was changed here. */
  | 'nothing'
  /** It can be gone. */
  | 'ready'
  /** It is being gone. */
  | 'running'
  /** It was gone. */
  | 'done'
  /** It did not get to a healthy end. */
  | 'failed';

/** What goes on in one environment (design 03). */
export interface RolloutView {
  /** The release. */
  release: string;
  /** The environment. */
  environment: string;
  /** The module shown: the running one, else the next one, else the last one. */
  module: string | null;
  /** Version it comes from. */
  from: string | null;
  /** Version it goes to. */
  to: string | null;
  /** Where it stands. */
  status: ModuleStatus;
  /** Whether it is going back. */
  going_back: boolean;
  /** When it began. */
  started_at: At | null;
  /** When it ended. */
  ended_at: At | null;
  /** When the progress deadline is over. */
  deadline_at: At | null;
  /** Why it failed or could not be told. */
  failure: Failure | null;
  /** Steps in order. */
  steps: StepView[];
  /** All modules of the environment in order. */
  modules: ModuleProgress[];
  /** Pods old over new. */
  pods: PodGrid;
  /** Cluster events, newest first; at most 200. */
  events: ClusterEventView[];
  /** Age of the newest thing the watch brought, milliseconds. */
  watch_age_ms: number | null;
  /** Which buttons work now. */
  may: RolloutControls;
}

/** Which buttons work. */
export interface RolloutControls {
  /** Roll the module out. */
  start: boolean;
  /** Pause. */
  pause: boolean;
  /** Resume. */
  resume: boolean;
  /** Stop. */
  stop: boolean;
  /** Lock changes now. */
  lock: boolean;
}

/** One step. */
export interface StepView {
  /** Identifier. */
  id: string;
  /** What it does. */
  kind: StepKind;
  /** The object or count it is about, printable. */
  detail: string | null;
  /** Where it stands. */
  state: StepState;
  /** When it began. */
  started_at: At | null;
  /** How long it took, milliseconds. */
  took_ms: number | null;
}

/** What a step does. */
export type StepKind =
  /** Check the identity. */
  | 'identity'
  /** Back up. */
  | 'backup'
  /** Review the dry run. */
  | 'review'
  /** Write an object. */
  | 'apply'
  /** Wait for the rollout. */
  | 'await'
  /** Put an object back. */
  | 'restore'
  /** Delete an object that this release created. */
  | 'remove'
  /** Wait until the old version is healthy. */
  | 'awaitBack';

/** Where a step stands. */
export type StepState =
  /** To come. */
  | 'waiting'
  /** Going on. */
  | 'running'
  /** Done. */
  | 'done'
  /** Failed: the change is bad, or was refused. */
  | 'failed'
  /** Sent, no answer yet: being read back. */
  | 'unknown'
  /** Left out. */
  | 'skipped';

/** A module among those of an environment. */
export interface ModuleProgress {
  /** The module. */
  module: string;
  /** Version it comes from. */
  from: string | null;
  /** Version it goes to. */
  to: string;
  /** Where it stands. */
  status: ModuleStatus;
  /** Whether the changes are armed for it. */
  armed: boolean;
}

/** Pods of a module: a column a slot, old above new. */
export interface PodGrid {
  /** Columns. */
  slots: PodSlot[];
  /** Ready pods of the new version. */
  ready: number;
  /** Wanted pods. */
  total: number;
  /** `maxSurge` as written. */
  surge: string | null;
  /** `maxUnavailable` as written. */
  unavailable: string | null;
  /** Mean time from creation to ready of the new pods, milliseconds. */
  mean_start_ms: number | null;
  /** Milliseconds to go at that pace. */
  remaining_ms: number | null;
}

/** One column. */
export interface PodSlot {
  /** Pod of the old version. */
  old: PodView | null;
  /** Pod of the new version. */
  new: PodView | null;
}

/** A pod. */
export interface PodView {
  /** Name. */
  name: string;
  /** Last part of the name. */
  short: string;
  /** Where it stands. */
  state: PodState;
  /** Reason, as the cluster words it (`CrashLoopBackOff`). */
  reason: string | null;
  /** Restarts over all containers. */
  restarts: number;
  /** When it was created. */
  created_at: At | null;
  /** Node it runs on. */
  node: string | null;
}

/** Where a pod stands. */
export type PodState =
  /** Created, not ready. */
  | 'starting'
  /** Ready. */
  | 'ready'
  /** Not ready any more, or never getting there. */
  | 'failing'
  /** Ending. */
  | 'terminating'
  /** Gone. */
  | 'gone';

/** A cluster event. */
export interface ClusterEventView {
  /** When it was last seen. */
  at: At;
  /** `Normal` or `Warning`. */
  warning: boolean;
  /** Reason. */
  reason: string;
  /** Object, `Pod/name`. */
  object: string;
  /** Message, printable. */
  message: string;
  /** How often. */
  count: number;
}

/** Log lines, sent over a channel in batches. */
export interface LogBatch {
  /** Grows by one a batch. */
  sequence: number;
  /** Lines in order of arrival. */
  lines: LogLine[];
  /** Lines left out because the window was too slow. */
  dropped: number;
}

/** A log line, printable. */
export interface LogLine {
  /** When the container wrote it, if known. */
  at: At | null;
  /** Pod it is from, last part of the name. */
  pod: string;
  /** Level, guessed from the text. */
  level: LogLevel;
  /** The text without its time. */
  text: string;
}

/** Level of a log line. */
export type LogLevel =
  /** Debug. */
  | 'debug'
  /** Information, or unknown. */
  | 'info'
  /** Warning. */
  | 'warn'
  /** Error. */
  | 'error';

/** The checklist of one stage (design 05). */
export interface ChecklistView {
  /** The stage. */
  stage: string;
  /** Items signed, over all phases. */
  done: number;
  /** Items in all. */
  total: number;
  /** Phases in order. */
  phases: ChecklistPhaseView[];
}

/** One phase of a checklist. */
export interface ChecklistPhaseView {
  /** Which phase. */
  phase: ChecklistPhase;
  /** Items signed or probed. */
  done: number;
  /** Items in all. */
  total: number;
  /** Items under their headings. */
  groups: ChecklistGroupView[];
}

/** When an item is due. */
export type ChecklistPhase =
  /** Before the stage. */
  | 'pre'
  /** While it runs. */
  | 'during'
  /** Right after it. */
  | 'post'
  /** The next day. */
  | 'day1'
  /** The day after that. */
  | 'day2';

/** Items under one heading. */
export interface ChecklistGroupView {
  /** The heading. */
  title: Text;
  /** The items. */
  items: ChecklistItemView[];
}

/** One item. */
export interface ChecklistItemView {
  /** Identifier, unique in the stage. */
  id: string;
  /** What has to hold. */
  title: Text;
  /** One line about it. */
  detail: Text;
  /** Suggested steps. */
  steps: Text[];
  /** Who has to sign. */
  role: RoleView;
  /** Probed by machine instead of signed by a person. */
  automatic: boolean;
  /** Where it stands. */
  state: ChecklistItemState;
  /** Who signed. */
  signature: SignatureView | null;
  /** What the signer noted. */
  note: string | null;
  /** What the probe found. */
  evidence: string | null;
  /** Whether the person at the workstation may sign it now. */
  may_sign: boolean;
  /** Why not. */
  why_not: RefusalView | null;
}

/** Where an item stands. */
export type ChecklistItemState =
  /** Nobody signed. */
  | 'open'
  /** It holds. */
  | 'passed'
  /** It does not hold. */
  | 'failed'
  /** The probe could not tell. */
  | 'unknown';

/** What a release would change in one environment: live against server-side dry run (design 04). */
export interface ChangesView {
  /** The environment. */
  environment: string;
  /** How far the dry run is. */
  state: ChangesState;
  /** Why it failed. */
  failure: Failure | null;
  /** When it was computed. */
  computed_at: At | null;
  /** SHA-256 over everything shown; a review is of this digest. */
  digest: string | null;
  /** The field manager that writes. */
  field_manager: string;
  /** Objects in the order they will be written. */
  objects: ObjectChangeView[];
  /** What the release says it changes. */
  declarations: DeclarationView[];
  /** Undeclared changes over all objects. */
  undeclared: number;
  /** Conflicts over all objects. */
  conflicts: number;
  /** The backup of what is live now. */
  backup: BackupView | null;
  /** Whether the backup may be taken now. */
  may_back_up: boolean;
  /** The review of this digest. */
  reviewed: SignatureView | null;
  /** Whether the person at the workstation may confirm the review now. */
  may_review: boolean;
}

/** How far a dry run is. */
export type ChangesState =
  /** Never asked for. */
  | 'notRun'
  /** The cluster is being asked. */
  | 'running'
  /** There it is. */
  | 'ready'
  /** The cluster could not be asked. */
  | 'failed';

/** What changes in one object. */
export interface ObjectChangeView {
  /** `Kind/name`. */
  id: string;
  /** Kind. */
  kind: string;
  /** Name. */
  name: string;
  /** Namespace. */
  namespace: string;
  /** Module it belongs to. */
  module: string;
  /** API version. */
  api_version: string;
  /** Create, update or nothing. */
  verb: ChangeVerb;
  /** Changed fields that a person wrote (not counting admission's and ours). */
  changes: number;
  /** Those that no declaration covers. */
  undeclared: UndeclaredView[];
  /** Fields that another manager owns. */
  conflicts: ConflictView[];
  /** The cluster's refusal of the dry run, printable. */
  rejected: string | null;
  /** Lines to show; unchanged stretches are left out behind a `Gap`. */
  lines: DiffLine[];
  /** Whether values are masked (Secrets). */
  masked: boolean;
}

/** What would happen to an object. */
export type ChangeVerb =
  /** It is not there yet. */
  | 'create'
  /** It changes. */
  | 'update'
  /** It stays. */
  | 'unchanged';

/** A change that the release does not declare. */
export interface UndeclaredView {
  /** Field path, `data.LOG_LEVEL`. */
  path: string;
  /** Live value, masked if secret; none when it is new. */
  before: string | null;
  /** Value to come; none when it goes. */
  after: string | null;
}

/** A field that another manager owns. */
export interface ConflictView {
  /** The owner, as the cluster names it. */
  manager: string;
  /** Field path. */
  path: string;
}

/** One line of a diff. */
export interface DiffLine {
  /** Line number in the live object, from 1. */
  old: number | null;
  /** Line number in the object to come, from 1. */
  new: number | null;
  /** Colour and sign. */
  kind: DiffKind;
  /** The text, without its line end. */
  text: string;
  /** Field path that the line belongs to. */
  path: string | null;
  /** The line belongs to an undeclared change. */
  undeclared: boolean;
}

/** Colour and sign of a line. */
export type DiffKind =
  /** Unchanged. */
  | 'same'
  /** Top-level key, drawn as a heading. */
  | 'section'
  /** Comes. */
  | 'add'
  /** Goes. */
  | 'delete'
  /** Comes, written by admission, defaulting or Pilothouse itself. */
  | 'autoAdd'
  /** Goes, likewise. */
  | 'autoDelete'
  /** Lines left out. */
  | 'gap';

/** Something the release says it changes. */
export interface DeclarationView {
  /** In words. */
  text: string;
  /** What it covers, `ConfigMap/fission-router-config data.LOG_LEVEL`. */
  covers: string;
  /** How many changes of this environment it covers. */
  matched: number;
}

/** A backup of live objects. */
export interface BackupView {
  /** How many objects existed and were kept. */
  objects: number;
  /** How many did not exist (going back deletes them). */
  absent: number;
  /** SHA-256 over all of it. */
  digest: string;
  /** When. */
  at: At;
}

/** What to look for in the ledger. */
export interface LedgerQuery {
  /** Words, all of which must occur; empty for all entries. */
  words: string;
  /** Only this release. */
  release: string | null;
  /** Only this environment. */
  environment: string | null;
  /** Only this person. */
  person: string | null;
  /** Only this verb. */
  verb: string | null;
  /** Only entries before this sequence number; for the next page. */
  before: number | null;
  /** At most so many (1 to 500). */
  limit: number;
}

/** One page of the ledger, newest first. */
export interface LedgerPage {
  /** Rows. */
  rows: LedgerRow[];
  /** How many match in all. */
  matches: number;
  /** The chain. */
  chain: ChainSummary;
  /** People, environments and verbs that occur, for the filters. */
  people: string[];
  /** Verbs that occur. */
  verbs: string[];
  /** First entry's instant. */
  since: At | null;
}

/** One entry in the list (design 09). */
export interface LedgerRow {
  /** Sequence number, from 1. */
  sequence: number;
  /** When it was written. */
  at: At;
  /** The release. */
  release: string | null;
  /** The environment. */
  environment: string | null;
  /** Its name. */
  environment_name: Text | null;
  /** Its glyph. */
  look: BannerLook | null;
  /** Who; none for the program itself. */
  person: string | null;
  /** That person's name. */
  person_name: string | null;
  /** What, as the event's name (`gateOpened`); the window translates it. */
  verb: string;
  /** Values that its sentence names. */
  params: Record<string, string>;
  /** Something was refused or went badly. */
  bad: boolean;
  /** Hash, hex. */
  hash: string;
}

/** One entry with everything. */
export interface LedgerDetail {
  /** The row. */
  row: LedgerRow;
  /** The entry as pretty-printed JSON. */
  json: string;
  /** Hash of the entry before. */
  previous: string;
  /** Whether hash and link are right. */
  chain_valid: boolean;
  /** The signature in it, if it carries one. */
  signature: SignatureView | null;
  /** Whether that signature verifies. */
  signature_valid: boolean | null;
  /** The signature's value, base64. */
  signature_value: string | null;
}

/** How to export. */
export type ExportFormat =
  /** One entry a line, everything, verifiable. */
  | 'jsonLines'
  /** For a spreadsheet. */
  | 'csv';

/** What was exported. */
export interface ExportView {
  /** The file. */
  path: string;
  /** How many entries. */
  entries: number;
  /** SHA-256 of the file, hex. */
  sha256: string;
}

/** One row of the upgrade record (sop A2). */
export interface UpgradeRecordRow {
  /** When the environment was done. */
  at: At;
  /** The release. */
  release: string;
  /** The module. */
  module: string;
  /** Version before. */
  from: string | null;
  /** Version after. */
  to: string;
  /** Environment name. */
  environment: Text;
  /** Operator's name. */
  operator: string;
  /** How it ended. */
  result: ModuleStatus;
  /** Remarks: waivers, failures, the time the way back took. */
  remarks: string[];
}

/** What is filled in to create a release. */
export interface ReleaseForm {
  /** Title, 1 to 80 characters. */
  title: string;
  /** Background in words. */
  background: string;
  /** Risk level. */
  level: LevelView;
  /** Operator, a person's identifier. */
  operator: string;
  /** Verifier; another person. */
  verifier: string;
  /** Release manager. */
  manager: string;
  /** Modules and the versions they go to. */
  modules: ModuleChoice[];
  /** Documents. */
  documents: DocumentForm[];
  /** What the release changes besides the versions. */
  declarations: DeclarationForm[];
}

/** A module and the version it goes to. */
export interface ModuleChoice {
  /** The module. */
  module: string;
  /** The version, one of those the workspace has. */
  version: string;
}

/** A document of a release. */
export interface DocumentForm {
  /** Title. */
  title: string;
  /** `https` address. */
  url: string;
}

/** Something the release declares to change. */
export interface DeclarationForm {
  /** In words (【变更内容】). */
  text: string;
  /** `Kind/name`, or `Kind/*`, or `*`. */
  object: string;
  /** Field path that it covers with everything below, `data.LOG_LEVEL`; empty for the whole object. */
  path: string;
}

/** A waiver. */
export interface WaiverForm {
  /** The stage whose gate it is. */
  stage: string;
  /** The condition. */
  condition: string;
  /** Why, at least 20 characters. */
  reason: string;
  /** Until when it has to be made up for. */
  make_up_by: At;
}

/** A tick under a checklist item. */
export interface TickForm {
  /** The stage. */
  stage: string;
  /** The item. */
  item: string;
  /** Whether it holds. */
  passed: boolean;
  /** A remark. */
  note: string | null;
}

/** A context to import out of a kubeconfig. */
export interface ImportForm {
  /** Where the kubeconfig is: a path, or the text itself. */
  source: KubeconfigSource;
  /** Contexts to import, by name. */
  contexts: string[];
  /** The person agreed that the files named by these contexts are read and embedded. */
  embed_files: boolean;
}

/** Where a kubeconfig comes from. */
export type KubeconfigSource =
  /** A file. */
  | { path: string }
  /** Pasted text. */
  | { text: string };

/** What the window needs first. */
export interface StartView {
  /** Version of the program. */
  version: string;
  /** The data folder. */
  data_folder: string;
  /** The chain's state at start. */
  chain: ChainSummary;
  /** The keychain's state; a failure says how to mend it. */
  keychain: Failure | null;
  /** Whether a notification daemon answers. */
  notifications: boolean;
  /** The workspace that was open last. */
  workspace: WorkspaceView | null;
  /** Why the last workspace could not be opened again. */
  workspace_failure: Failure | null;
  /** Releases that were cut off in the middle of something. */
  interrupted: InterruptedView[];
  /** Who sat at the workstation last. */
  person: string | null;
  /** Preferences. */
  preferences: Preferences;
}

/** What the person prefers; kept beside the ledger. */
export interface Preferences {
  /** Language of the window. */
  language: Language;
  /** Light or dark. */
  theme: Theme;
}

/** Language of the window. */
export type Language =
  /** Simplified Chinese. */
  | 'zh-CN'
  /** English. */
  | 'en';

/** Light or dark. */
export type Theme =
  /** As the system says. */
  | 'system'
  /** Light. */
  | 'light'
  /** Dark. */
  | 'dark';

/** The chain in one line. */
export interface ChainSummary {
  /** How many entries there are. */
  entries: number;
  /** How many of them have been verified. */
  verified: number;
  /** The sequence number of the first broken one. */
  broken_at: number | null;
  /** Hash of the newest entry, hex. */
  head: string | null;
  /** How long the verification took, milliseconds. */
  took_ms: number;
}

/** An open workspace. */
export interface WorkspaceView {
  /** Its name. */
  name: Text;
  /** Its folder. */
  path: string;
  /** SHA-256 of all its files. */
  digest: string;
  /** Stages in order. */
  stages: StageHead[];
  /** Environments in pipeline order. */
  environments: EnvironmentView[];
  /** Modules in release order. */
  modules: ModuleHead[];
  /** People. */
  people: PersonView[];
  /** Releases, newest first. */
  releases: ReleaseHead[];
  /** Whom to ask for help, most suitable first. */
  on_call: OnCall[];
  /** Whether this is the example that ships with the program, on rehearsal clusters. */
  example: boolean;
}

/** Someone to ask for help (sop O4). */
export interface OnCall {
  /** Name or group. */
  name: Text;
  /** How to reach them, in words. */
  reach: Text;
}

/** A stage of the pipeline. */
export interface StageHead {
  /** Identifier. */
  id: string;
  /** Name. */
  name: Text;
}

/** A module of the workspace. */
export interface ModuleHead {
  /** Identifier, which is also its name. */
  id: string;
  /** Versions that the workspace holds manifests for, newest first. */
  versions: string[];
  /** Modules that go before it. */
  depends_on: string[];
}

/** A release in a list. */
export interface ReleaseHead {
  /** `REL-20260915-01`. */
  id: string;
  /** Title. */
  title: string;
  /** When it was created. */
  created_at: At;
  /** Where it stands. */
  status: ReleaseStatus;
}

/** A release that was cut off: what was intended, what the cluster shows. */
export interface InterruptedView {
  /** The release. */
  release: string;
  /** Its title. */
  title: string;
  /** The environment. */
  environment: string;
  /** The module. */
  module: string | null;
  /** What was going on. */
  doing: InterruptedWork;
  /** The object that the last intent named. */
  object: string | null;
  /** When the intent was written. */
  intended_at: At;
  /** What the cluster shows; none while it is being asked. */
  found: InterruptedFinding | null;
}

/** What was cut off. */
export type InterruptedWork =
  /** Going forward. */
  | 'forward'
  /** Going back. */
  | 'back';

/** What reading back found. */
export type InterruptedFinding =
  /** The change is on the cluster. */
  | 'applied'
  /** It is not. */
  | 'notApplied'
  /** Every intent has its outcome; the work simply has not ended. */
  | 'settled'
  /** The cluster could not be asked. */
  | 'unreachable';

/** One desktop notification, as the program's own list has it. */
export interface NotificationView {
  /** Position in the ledger. */
  sequence: number;
  /** When. */
  at: At;
  /** What about. */
  kind: NotificationKind;
  /** The release. */
  release: string;
  /** Environment name. */
  environment: Text;
  /** The module or modules. */
  modules: string;
  /** Whether the desktop took it. */
  delivered: boolean;
  /** Whether the person has seen it in the window. */
  read: boolean;
}

/** What a notification says. */
export type NotificationKind =
  /** A rollout is done. */
  | 'done'
  /** A rollout failed. */
  | 'failed'
  /** The person is needed. */
  | 'needsYou'
  /** A way back is done. */
  | 'rolledBack';

/** Sent to the window when something it shows has changed. */
export interface Changed {
  /** What changed. */
  topic: Topic;
  /** The release or environment it is about. */
  subject: string | null;
  /** Grows with every change. */
  revision: number;
}

/** What a [`Changed`] is about. */
export type Topic =
  /** The open workspace, its people or its environments. */
  | 'workspace'
  /** A release. */
  | 'release'
  /** A running rollout. */
  | 'rollout'
  /** The ledger. */
  | 'ledger'
  /** The banner. */
  | 'banner'
  /** Notifications. */
  | 'notifications';

