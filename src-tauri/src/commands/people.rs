use contract::{Expected, Failure, Field, PersonView};
use domain::PersonId;
use secrecy::SecretString;
use tauri::State;

use crate::desk::Desk;
use crate::failures;
use crate::views::person_view;

/// Says who sits at the workstation.
#[tauri::command]
#[specta::specta]
pub async fn person_select(desk: State<'_, Desk>, person: Option<String>) -> Result<(), Failure> {
    let person = person.map(PersonId::new);
    if let Some(person) = &person {
        known(&desk, person)?;
    }
    desk.sit(|seat| seat.person = person);
    // What may be pressed depends on who sits here: everything is read again.
    crate::pulse::tell_all(&desk.app);
    Ok(())
}

/// Nobody sits here, and nobody gets a key, whom the open workspace does not name.
fn known(desk: &Desk, person: &PersonId) -> Result<(), Failure> {
    let open = desk.workspace()?;
    if open
        .opened
        .workspace
        .people
        .iter()
        .any(|one| &one.id == person)
    {
        return Ok(());
    }
    Err(Failure::form(Field::Person, Expected::WorkspacePerson))
}

/// Makes a key for a person and unlocks it.
#[tauri::command]
#[specta::specta]
pub async fn key_create(
    desk: State<'_, Desk>,
    person: String,
    passphrase: String,
) -> Result<PersonView, Failure> {
    let id = PersonId::new(person);
    known(&desk, &id)?;
    let key = desk
        .vault
        .create_key(&id, SecretString::from(passphrase))
        .await?;
    desk.engine()
        .await?
        .register_key(&id, key)
        .await
        .map_err(failures::of)?;
    person_view(&desk, &id).await
}

/// Unlocks a person's key. A key that the ledger does not know yet is made known.
#[tauri::command]
#[specta::specta]
pub async fn key_unlock(
    desk: State<'_, Desk>,
    person: String,
    passphrase: String,
) -> Result<PersonView, Failure> {
    let id = PersonId::new(person);
    let key = desk
        .vault
        .unlock(&id, SecretString::from(passphrase))
        .await?;
    let engine = desk.engine().await?;
    if engine.register().keys.get(&id) != Some(&key) {
        engine.register_key(&id, key).await.map_err(failures::of)?;
    }
    person_view(&desk, &id).await
}

/// Locks a person's key.
#[tauri::command]
#[specta::specta]
pub async fn key_lock(desk: State<'_, Desk>, person: String) -> Result<PersonView, Failure> {
    let id = PersonId::new(person);
    desk.vault.lock(&id).await;
    person_view(&desk, &id).await
}
