//! The keys and words of one call of a script, gathered.

use std::collections::HashMap;

#[derive(Default)]
pub(super) struct Keys {
    pub(super) names: Vec<Vec<u8>>,
    numbers: HashMap<Vec<u8>, usize>,
}

impl Keys {
    /// The rows and the turn of a slot come first in every call.
    pub(super) fn of(rows: Vec<u8>, turn: Vec<u8>) -> Self {
        let mut keys = Self::default();
        keys.number(rows);
        keys.number(turn);
        keys
    }

    fn number(&mut self, name: Vec<u8>) -> usize {
        if let Some(number) = self.numbers.get(&name) {
            return *number;
        }
        self.names.push(name.clone());
        self.numbers.insert(name, self.names.len());
        self.names.len()
    }
}

/// Words of one part of a call.
#[derive(Default)]
pub(super) struct Words(pub(super) Vec<Vec<u8>>);

impl Words {
    /// Members of one command within a script: what Lua can unpack, with room to spare.
    pub(super) const MEMBERS_MAX: usize = 500;

    pub(super) fn word(&mut self, word: impl Into<Vec<u8>>) {
        self.0.push(word.into());
    }

    pub(super) fn count(&mut self, count: impl ToString) {
        self.0.push(count.to_string().into());
    }

    pub(super) fn key(&mut self, keys: &mut Keys, name: Vec<u8>) {
        self.count(keys.number(name));
    }

    /// `operation key n member*`, as often as the members need.
    pub(super) fn members(&mut self, keys: &mut Keys, operation: &str, key: &[u8], members: &[Vec<u8>]) {
        for part in members.chunks(Self::MEMBERS_MAX) {
            self.word(operation);
            self.key(keys, key.to_vec());
            self.count(part.len());
            self.0.extend_from_slice(part);
        }
    }

    /// `h key n (field value)*`.
    pub(super) fn fields(&mut self, keys: &mut Keys, key: &[u8], fields: Vec<(Vec<u8>, Vec<u8>)>) {
        let mut fields = fields.into_iter().peekable();
        while fields.peek().is_some() {
            let part: Vec<_> = fields.by_ref().take(Self::MEMBERS_MAX).collect();
            self.word("h");
            self.key(keys, key.to_vec());
            self.count(part.len());
            part.into_iter().for_each(|(field, value)| self.0.extend([field, value]));
        }
    }
}
