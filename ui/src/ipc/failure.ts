import type { Failure, FailureCode } from './types';

/** A command that was not carried out; carries what the program said. */
export class CommandFailure extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.code);
    this.name = 'CommandFailure';
    this.failure = failure;
  }

  get code(): FailureCode {
    return this.failure.code;
  }
}

const isFailure = (thrown: unknown): thrown is Failure =>
  typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'params' in thrown;

/** Whatever was thrown, as a failure that can be shown; anything unforeseen is a defect of ours. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof CommandFailure) return thrown.failure;
  if (isFailure(thrown)) return { code: thrown.code, params: thrown.params, reasons: thrown.reasons ?? [], detail: thrown.detail ?? null };
  const detail = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return { code: 'internal', params: {}, reasons: [], detail };
}
