use contract::{Expected, Failure, FailureCode, Field, NewKeyForm, PersonView};
use domain::PersonId;
use secrecy::SecretString;
use tauri::State;

use crate::desk::Desk;
use crate::failures;
use crate::views::person_view;

/// Sits down as a person: opens their key with their passphrase, and locks everybody else's. With the
/// wrong one, everything stays as it was.
#[tauri::command]
#[specta::specta]
pub async fn seat_take(
    desk: State<'_, Desk>,
    person: String,
    passphrase: String,
) -> Result<PersonView, Failure> {
    let person = PersonId::new(person);
    known(&desk, &person)?;
    unlock(&desk, &person, SecretString::from(passphrase)).await?;
    sit_down(&desk, &person).await;
    person_view(&desk, &person).await
}

/// Leaves the seat, and locks the key.
#[tauri::command]
#[specta::specta]
pub async fn seat_leave(desk: State<'_, Desk>) -> Result<(), Failure> {
    desk.vault.lock_others(&PersonId::nobody()).await;
    desk.sit(|seat| seat.person = None);
    crate::pulse::tell_all(&desk.app);
    Ok(())
}

/// Somebody has touched the window. Who comes back too late finds the key locked.
#[tauri::command]
#[specta::specta]
pub async fn seat_touch(desk: State<'_, Desk>) -> Result<(), Failure> {
    desk.lock_if_idle().await;
    desk.idle.touch();
    Ok(())
}

async fn sit_down(desk: &Desk, person: &PersonId) {
    desk.vault.lock_others(person).await;
    desk.idle.touch();
    desk.sit(|seat| seat.person = Some(person.clone()));
    // What may be pressed depends on who sits here: everything is read again.
    crate::pulse::tell_all(&desk.app);
}

/// Opens a key that the ledger knows; one that it does not know signs nothing.
async fn unlock(desk: &Desk, person: &PersonId, passphrase: SecretString) -> Result<(), Failure> {
    let usable = desk.engine().await?.usable_key(person).await;
    if usable.map_err(failures::of)?.is_none() {
        return Err(Failure::new(FailureCode::NoKey).with("person", person.as_str()));
    }
    desk.vault.unlock(person, passphrase).await?;
    Ok(())
}

/// Nobody sits here, and nobody gets a key, whom the open workspace does not name.
fn known(desk: &Desk, person: &PersonId) -> Result<(), Failure> {
    if people(desk)?.contains(person) {
        return Ok(());
    }
    Err(Failure::form(Field::Person, Expected::WorkspacePerson))
}

/// Who the open workspace names; each of them has a role.
fn people(desk: &Desk) -> Result<Vec<PersonId>, Failure> {
    let open = desk.workspace()?;
    let people = open.opened.workspace.people.iter();
    Ok(people.map(|person| person.id.clone()).collect())
}

/// Makes a key for a person in place of the one there may be, and sits down as them. Where somebody else
/// can sign here, one of them witnesses it.
#[tauri::command]
#[specta::specta]
pub async fn key_register(desk: State<'_, Desk>, form: NewKeyForm) -> Result<PersonView, Failure> {
    let person = PersonId::new(form.person);
    known(&desk, &person)?;
    let passphrase = SecretString::from(form.passphrase);
    let witness = match (form.witness, form.witness_passphrase) {
        (Some(witness), Some(passphrase)) => {
            Some((PersonId::new(witness), SecretString::from(passphrase)))
        }
        _ => None,
    };
    let engine = desk.engine().await?;
    engine
        .new_key(&person, passphrase.clone(), &people(&desk)?, witness)
        .await
        .map_err(failures::of)?;
    desk.vault.unlock(&person, passphrase).await?;
    sit_down(&desk, &person).await;
    person_view(&desk, &person).await
}

/// Unlocks the key of who is in the seat. Another person's is unlocked by sitting down as them.
#[tauri::command]
#[specta::specta]
pub async fn key_unlock(
    desk: State<'_, Desk>,
    person: String,
    passphrase: String,
) -> Result<PersonView, Failure> {
    let person = PersonId::new(person);
    if desk.person()? != person {
        return Err(Failure::form(Field::Person, Expected::PersonInSeat));
    }
    unlock(&desk, &person, SecretString::from(passphrase)).await?;
    desk.idle.touch();
    person_view(&desk, &person).await
}

/// Locks a person's key.
#[tauri::command]
#[specta::specta]
pub async fn key_lock(desk: State<'_, Desk>, person: String) -> Result<PersonView, Failure> {
    let id = PersonId::new(person);
    desk.vault.lock(&id).await;
    person_view(&desk, &id).await
}
