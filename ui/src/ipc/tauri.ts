import { Channel, invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';
import type { Backend } from './backend';
import { CommandFailure, failureOf } from './failure';
import type { Changed, LogBatch } from './types';

/** Command names are the Rust ones (snake_case); Tauri expects the argument keys in camelCase. */
async function call<T>(command: string, args?: Record<string, unknown>): Promise<T> {
  try {
    return await invoke<T>(command, args);
  } catch (thrown) {
    throw new CommandFailure(failureOf(thrown));
  }
}

const program: Backend = {
  start: () => call('start'),
  preferencesView: () => call('preferences_view'),
  preferencesSet: (preferences) => call('preferences_set', { preferences }),
  seatTake: (person, passphrase) => call('seat_take', { person, passphrase }),
  seatLeave: () => call('seat_leave'),
  seatTouch: () => call('seat_touch'),
  keyRegister: (form) => call('key_register', { form }),
  keyUnlock: (person, passphrase) => call('key_unlock', { person, passphrase }),
  keyLock: (person) => call('key_lock', { person }),
  pathChoose: (purpose, title, near) => call('path_choose', { purpose, title, near }),
  workspaceOpen: (path) => call('workspace_open', { path }),
  workspaceOpenExample: () => call('workspace_open_example'),
  workspaceView: () => call('workspace_view'),
  dataBackUp: (folder) => call('data_back_up', { folder }),
  dataRestore: (folder) => call('data_restore', { folder }),
  kubeconfigOffers: () => call('kubeconfig_offers'),
  kubeconfigPreview: (source) => call('kubeconfig_preview', { source }),
  contextsImport: (form) => call('contexts_import', { form }),
  contextsList: () => call('contexts_list'),
  contextForget: (name) => call('context_forget', { name }),
  pluginAllow: (context, path, sha256) => call('plugin_allow', { context, path, sha256 }),
  certificatePresented: (environment, context) => call('certificate_presented', { environment, context }),
  certificatePin: (environment, context, sha256) => call('certificate_pin', { environment, context, sha256 }),
  environmentProbe: (environment, context) => call('environment_probe', { environment, context }),
  environmentBind: (environment, context, probe) => call('environment_bind', { environment, context, probe }),
  permissionsCheck: (environment) => call('permissions_check', { environment }),
  environmentSelect: (environment) => call('environment_select', { environment }),
  bannerView: () => call('banner_view'),
  identityVerify: (environment) => call('identity_verify', { environment }),
  releaseDraft: () => call('release_draft'),
  releaseCreate: (form) => call('release_create', { form }),
  releaseView: (release) => call('release_view', { release }),
  releaseCancel: (release, reason) => call('release_cancel', { release, reason }),
  releaseFinish: (release) => call('release_finish', { release }),
  documentOpen: (release, document, address) => call('document_open', { release, document, address }),
  checklistView: (release, stage) => call('checklist_view', { release, stage }),
  tick: (release, form) => call('tick', { release, form }),
  itemProbe: (release, stage, item) => call('item_probe', { release, stage, item }),
  waive: (release, form) => call('waive', { release, form }),
  waiverAsk: (release, stage, condition, reason) => call('waiver_ask', { release, stage, condition, reason }),
  vote: (release, stage, go, reason) => call('vote', { release, stage, go, reason }),
  gateOpen: (release, stage) => call('gate_open', { release, stage }),
  changesRun: (release, environment) => call('changes_run', { release, environment }),
  changesView: (release, environment) => call('changes_view', { release, environment }),
  changesReview: (release, environment, digest) => call('changes_review', { release, environment, digest }),
  changeDeclare: (release, form) => call('change_declare', { release, form }),
  backupTake: (release, environment) => call('backup_take', { release, environment }),
  arm: (release, environment, module, typedName) => call('arm', { release, environment, module, typedName }),
  disarm: () => call('disarm'),
  rolloutStart: (release, environment, module) => call('rollout_start', { release, environment, module }),
  rolloutPause: (release, environment) => call('rollout_pause', { release, environment }),
  rolloutResume: (release, environment) => call('rollout_resume', { release, environment }),
  rolloutLiftPause: (release, environment, object, reason) => call('rollout_lift_pause', { release, environment, object, reason }),
  rolloutConfirmSeen: (release, environment, objects, note) => call('rollout_confirm_seen', { release, environment, objects, note }),
  rolloutStop: (release, environment) => call('rollout_stop', { release, environment }),
  rolloutView: (release, environment) => call('rollout_view', { release, environment }),
  wayBack: (release, environment) => call('way_back', { release, environment }),
  rollbackPreview: (release, environment) => call('rollback_preview', { release, environment }),
  interruptedView: (release) => call('interrupted_view', { release }),
  interruptedContinue: (release) => call('interrupted_continue', { release }),
  logsAcknowledge: (stream, sequence) => call('logs_acknowledge', { stream, sequence }),
  logsClose: (stream) => call('logs_close', { stream }),
  ledgerPage: (query) => call('ledger_page', { query }),
  ledgerDetail: (sequence) => call('ledger_detail', { sequence }),
  chainView: () => call('chain_view'),
  helpAsk: (release) => call('help_ask', { release }),
  ledgerVerify: () => call('ledger_verify'),
  ledgerExport: (format, path) => call('ledger_export', { format, path }),
  upgradeRecord: (release) => call('upgrade_record', { release }),
  notificationsList: () => call('notifications_list'),
  notificationsRead: () => call('notifications_read'),
  workCancel: () => call('work_cancel'),
  closingView: () => call('closing_view'),
  closingAnswer: (choice) => call('closing_answer', { choice }),

  logsOpen: (release, environment, module, receive) => {
    const channel = new Channel<LogBatch>();
    channel.onmessage = receive;
    return call('logs_open', { release, environment, module, channel });
  },
  onChanged: (handler) => listen<Changed>('changed', (event) => handler(event.payload)),
};

export const createBackend = (): Backend => program;
