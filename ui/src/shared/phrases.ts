import type { ConditionKind, ContextRefusal, Expected, Field, NotificationKind, Problem, RoleView, Thing } from '$ipc';
import { m } from '$messages';

/** A message that names values. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- every message names other values
export type Sentence = (values?: any) => string;

/* Parts of sentences that the program names by a code (contract: phrases.rs), as values of a failure. */

export const problems: Record<Problem, Sentence> = {
  commandNotStarted: m.problem_commandNotStarted,
  commandLate: m.problem_commandLate,
  commandExited: m.problem_commandExited,
  commandKilled: m.problem_commandKilled,
  commandTooLong: m.problem_commandTooLong,
  commandNotCredential: m.problem_commandNotCredential,
  commandOtherVersion: m.problem_commandOtherVersion,
  commandEmpty: m.problem_commandEmpty,
  commandBadCertificate: m.problem_commandBadCertificate,
  commandExpired: m.problem_commandExpired,
  fileNoBase: m.problem_fileNoBase,
  fileUnreadable: m.problem_fileUnreadable,
  fileNotRegular: m.problem_fileNotRegular,
  fileTooLarge: m.problem_fileTooLarge,
  fileNotText: m.problem_fileNotText,
};

export const expectations: Record<Expected, Sentence> = {
  files: m.expected_files,
  bytes: m.expected_bytes,
  bytesInAll: m.expected_bytesInAll,
  values: m.expected_values,
  json: m.expected_json,
  file: m.expected_file,
  folder: m.expected_folder,
  utf8: m.expected_utf8,
  utf8Names: m.expected_utf8Names,
  inside: m.expected_inside,
  validYaml: m.expected_validYaml,
  otherKind: m.expected_otherKind,
  knownKey: m.expected_knownKey,
  knownWord: m.expected_knownWord,
  once: m.expected_once,
  keysOnce: m.expected_keysOnce,
  fewerValues: m.expected_fewerValues,
  oneDocument: m.expected_oneDocument,
  identifier: m.expected_identifier,
  line: m.expected_line,
  characters: m.expected_characters,
  range: m.expected_range,
  seconds: m.expected_seconds,
  atLeastOne: m.expected_atLeastOne,
  another: m.expected_another,
  known: m.expected_known,
  folderOf: m.expected_folderOf,
  noCircle: m.expected_noCircle,
  somebodyWho: m.expected_somebodyWho,
  personWho: m.expected_personWho,
  notOperator: m.expected_notOperator,
  twoPeople: m.expected_twoPeople,
  manual: m.expected_manual,
  waivable: m.expected_waivable,
  clusterName: m.expected_clusterName,
  namespaceName: m.expected_namespaceName,
  https: m.expected_https,
  declaredObject: m.expected_declaredObject,
  manifests: m.expected_manifests,
  noFolder: m.expected_noFolder,
  yamlName: m.expected_yamlName,
  object: m.expected_object,
  oneObject: m.expected_oneObject,
  namespaced: m.expected_namespaced,
  metadata: m.expected_metadata,
  key: m.expected_key,
  word: m.expected_word,
  quoted: m.expected_quoted,
  notKey: m.expected_notKey,
  namespace: m.expected_namespace,
  noSecond: m.expected_noSecond,
  workload: m.expected_workload,
  sameVersion: m.expected_sameVersion,
  exactTag: m.expected_exactTag,
  versionLabel: m.expected_versionLabel,
  version: m.expected_version,
  imageOf: m.expected_imageOf,
  versionOf: m.expected_versionOf,
  kubeconfig: m.expected_kubeconfig,
  contextOfFile: m.expected_contextOfFile,
  filesAgreed: m.expected_filesAgreed,
  absolutePath: m.expected_absolutePath,
  textPath: m.expected_textPath,
  somebody: m.expected_somebody,
  longer: m.expected_longer,
  noKeyYet: m.expected_noKeyYet,
  gateCondition: m.expected_gateCondition,
  dateAndTime: m.expected_dateAndTime,
  modulesOnce: m.expected_modulesOnce,
  workspaceVersion: m.expected_workspaceVersion,
  workspacePerson: m.expected_workspacePerson,
  webAddress: m.expected_webAddress,
  shownAddress: m.expected_shownAddress,
  browser: m.expected_browser,
};

export const things: Record<Thing, Sentence> = {
  stage: m.thing_stage,
  environment: m.thing_environment,
  clusterAndNamespace: m.thing_clusterAndNamespace,
  module: m.thing_module,
  dependency: m.thing_dependency,
  person: m.thing_person,
  role: m.thing_role,
  vote: m.thing_vote,
  condition: m.thing_condition,
  item: m.thing_item,
};

export const fields: Record<Field, Sentence> = {
  kubeconfig: m.field_kubeconfig,
  path: m.field_path,
  person: m.field_person,
  passphrase: m.field_passphrase,
  address: m.field_address,
  condition: m.field_condition,
  makeUpBy: m.field_makeUpBy,
  modules: m.field_modules,
  title: m.field_title,
  stages: m.field_stages,
  documents: m.field_documents,
  declarations: m.field_declarations,
  text: m.field_text,
  object: m.field_object,
};

const roles: Record<RoleView, Sentence> = { operator: m.role_operator, verifier: m.role_verifier, manager: m.role_manager };

export const contextRefusals: Record<ContextRefusal, Sentence> = {
  insecureTls: m.refusal_context_insecureTls,
  notHttps: m.refusal_context_notHttps,
  missingCluster: m.refusal_context_missingCluster,
  missingUser: m.refusal_context_missingUser,
  noCa: m.refusal_context_noCa,
  badCertificate: m.refusal_context_badCertificate,
  duplicateName: m.refusal_context_duplicateName,
  unprintable: m.refusal_context_unprintable,
  proxy: m.refusal_context_proxy,
  impersonation: m.refusal_context_impersonation,
  severalCredentials: m.refusal_context_severalCredentials,
  halfCredential: m.refusal_context_halfCredential,
  authProvider: m.refusal_context_authProvider,
  pluginVersion: m.refusal_context_pluginVersion,
  pluginInteractive: m.refusal_context_pluginInteractive,
  pluginEntry: m.refusal_context_pluginEntry,
};

const conditions: Record<ConditionKind, Sentence> = {
  previousStagePassed: m.overview_condition_previousStagePassed,
  soakPassed: m.overview_condition_soakPassed,
  checklistComplete: m.overview_condition_checklistComplete,
  diffReviewed: m.overview_condition_diffReviewed,
  backupTaken: m.overview_condition_backupTaken,
  identityVerified: m.overview_condition_identityVerified,
  permissionsPresent: m.overview_condition_permissionsPresent,
};

/** What the ledger says was done to an object; verbs of Kubernetes (`patch`, `watch`) stay as they are. */
export const mutations: Record<'apply' | 'restore' | 'remove' | 'pause' | 'unpause' | 'adopt', Sentence> = {
  apply: m.mutation_apply,
  restore: m.mutation_restore,
  remove: m.mutation_remove,
  pause: m.mutation_pause,
  unpause: m.mutation_unpause,
  adopt: m.mutation_adopt,
};

export const notices: Record<NotificationKind, Sentence> = {
  done: m.notice_done,
  failed: m.notice_failed,
  needsYou: m.notice_needsYou,
  rolledBack: m.notice_rolledBack,
};

/** Which values of a failure are codes, and the phrases for them. */
export const phrases: Record<string, Record<string, Sentence>> = {
  problem: problems,
  expectation: expectations,
  thing: things,
  field: fields,
  role: roles,
  condition: conditions,
  verb: mutations,
  kind: notices,
  refused: contextRefusals,
};
