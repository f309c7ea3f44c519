//! Panics of tasks, which end a task and would pass unnoticed.

use std::{cell::RefCell, panic, sync::Once};

thread_local! {
    static PANICS: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// From now on this thread's panics are kept, and not printed.
pub(crate) fn watch() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let is_watched = PANICS.with_borrow_mut(|panics| {
                if let Some(panics) = panics {
                    panics.push(info.to_string());
                }
                panics.is_some()
            });
            if !is_watched {
                others(info);
            }
        }));
    });
    PANICS.set(Some(Vec::new()));
}

pub(crate) fn is_any() -> bool {
    PANICS.with_borrow(|panics| panics.as_ref().is_some_and(|panics| !panics.is_empty()))
}

/// The first panic since [`watch`]; from now on they are printed again.
pub(crate) fn take() -> Option<String> {
    PANICS.take().and_then(|panics| panics.into_iter().next())
}
