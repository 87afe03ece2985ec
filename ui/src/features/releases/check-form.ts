import type { PersonView, ReleaseForm, RoleView } from '$ipc';
import { m } from '$messages';

/* What is missing, said at the field. The rules themselves are the program's; this only saves a
   round trip. */
export interface FormFaults {
  title: string | null;
  modules: string | null;
  operator: string | null;
  verifier: string | null;
  manager: string | null;
  documents: (string | null)[];
  declarations: (string | null)[];
}

function personFault(people: PersonView[], id: string, role: RoleView): string | null {
  if (!id) return m.form_person_missing();
  const person = people.find((one) => one.id === id);
  return person && !person.roles.includes(role) ? m.form_role_missing() : null;
}

const isHttps = (address: string): boolean => {
  try {
    return new URL(address).protocol === 'https:';
  } catch {
    return false;
  }
};

/** What is wrong with each field, in words; null where nothing is. */
export function faults(form: ReleaseForm, people: PersonView[]): FormFaults {
  const length = Array.from(form.title.trim()).length;
  return {
    title: length >= 1 && length <= 80 ? null : m.form_name_missing(),
    modules: form.modules.length ? null : m.form_modules_missing(),
    operator: personFault(people, form.operator, 'operator'),
    verifier: form.verifier && form.verifier === form.operator ? m.form_same() : personFault(people, form.verifier, 'verifier'),
    manager: personFault(people, form.manager, 'manager'),
    documents: form.documents.map((one) => (one.title.trim() && isHttps(one.url.trim()) ? null : m.form_document_bad())),
    declarations: form.declarations.map((one) => (one.text.trim() && one.object.trim() ? null : m.form_declaration_bad())),
  };
}

export const faultCount = (found: FormFaults): number =>
  [found.title, found.modules, found.operator, found.verifier, found.manager, ...found.documents, ...found.declarations].filter(Boolean).length;
