//! Invitations: made by administrators and the operator, worth as much as their maker.
//! With the maker's role their invitations go, and come back with it.

use rill_protocol::UserId;
use rill_storage::{
    limits::{INVITATION_USES_MAX, INVITATIONS_PER_CREATOR_MAX},
    model::{Act, Digest, Invitation, InvitationId},
};
use std::ops::RangeInclusive;

use super::{Accounts, Actor, InvitationText, is_acting_administrator};
use crate::domain::{DomainError, World, audit::Draft};

const LIFE_S: RangeInclusive<u64> = 60..=365 * 24 * 60 * 60;

/// What an invitation is good for.
#[derive(Clone, Copy, Debug)]
pub struct InvitationTerms {
    pub uses: u32,
    pub life_s: u64,
}

/// An invitation as its makers see it; its text is not kept.
pub struct InvitationView {
    /// `CREATOR.ID`
    pub id: String,
    /// `None` is the operator.
    pub creator: Option<String>,
    pub invitation: Invitation,
}

fn id_text(invitation: &Invitation) -> String {
    format!("{}.{}", invitation.creator, UserId(invitation.id().0))
}

fn parse_id(text: &str) -> Option<(UserId, InvitationId)> {
    let (creator, id) = text.split_once('.')?;
    Some((creator.parse().ok()?, InvitationId(id.parse::<UserId>().ok()?.0)))
}

impl Accounts {
    /// Makes an invitation; its text is told this once.
    pub async fn invite(
        &self,
        actor: &Actor,
        terms: InvitationTerms,
    ) -> Result<(InvitationText, InvitationView), DomainError> {
        if !(1..=INVITATION_USES_MAX).contains(&terms.uses) || !LIFE_S.contains(&terms.life_s) {
            return Err(DomainError::BadTerms {
                uses_max: INVITATION_USES_MAX,
                life_s_min: *LIFE_S.start(),
                life_s_max: *LIFE_S.end(),
            });
        }
        let World { store, clock, entropy, .. } = &self.world;
        let (creator, now_ms) = (actor.id(), clock.now_ms());
        // The sweep comes by once an hour; who makes many need not wait for it.
        for invitation in store.invitations.list(creator).await? {
            if invitation.expires_ms <= now_ms {
                store.invitations.revoke(creator, invitation.id()).await?;
            }
        }
        let text = InvitationText { user: creator, secret: entropy.bytes() };
        let invitation = Invitation {
            creator,
            secret: self.invitation_digest(&text),
            created_ms: now_ms,
            expires_ms: now_ms + terms.life_s * 1_000,
            uses_max: terms.uses,
            uses: 0,
        };
        let making = async {
            match store.invitations.create(invitation.clone()).await? {
                true => Ok(()),
                false => Err(DomainError::TooManyInvitations(INVITATIONS_PER_CREATOR_MAX)),
            }
        };
        self.noted(actor, Draft::of(Act::InvitationMade, id_text(&invitation)), making).await?;
        tracing::info!(by = %actor, uses = terms.uses, life_s = terms.life_s, "an invitation was made");
        let creator = match actor {
            Actor::Operator => None,
            Actor::Administrator(identity) => Some(identity.name.clone()),
        };
        Ok((text, InvitationView { id: id_text(&invitation), creator, invitation }))
    }

    /// The invitations that somebody can still use, of all who may invite, newest first.
    pub async fn invitations(&self) -> Result<Vec<InvitationView>, DomainError> {
        let now_ms = self.world.clock.now_ms();
        let administrators = self.administrators().await?;
        let creators = administrators.into_iter().map(|user| (user.id, Some(user.name)));
        let mut views = Vec::new();
        for (id, creator) in creators.chain([(UserId::default(), None)]) {
            for invitation in self.world.store.invitations.list(id).await? {
                if invitation.is_open(now_ms) {
                    views.push(InvitationView { id: id_text(&invitation), creator: creator.clone(), invitation });
                }
            }
        }
        views.sort_by_key(|view| std::cmp::Reverse(view.invitation.created_ms));
        Ok(views)
    }

    /// Takes an invitation back.
    pub async fn revoke_invitation(&self, actor: &Actor, id: &str) -> Result<(), DomainError> {
        let (creator, invitation) = parse_id(id).ok_or(DomainError::NoSuchInvitation)?;
        let revoking = async {
            match self.world.store.invitations.revoke(creator, invitation).await? {
                true => Ok(()),
                false => Err(DomainError::NoSuchInvitation),
            }
        };
        let id = format!("{creator}.{}", UserId(invitation.0));
        self.noted(actor, Draft::of(Act::InvitationRevoked, id), revoking).await?;
        tracing::info!(by = %actor, "an invitation was taken back");
        Ok(())
    }

    /// Whether the maker of an invitation could make one now.
    pub(super) async fn may_invite(&self, creator: UserId) -> Result<bool, DomainError> {
        if creator == Actor::Operator.id() {
            return Ok(true);
        }
        let user = self.world.store.users.get(creator).await?;
        Ok(user.as_ref().is_some_and(is_acting_administrator))
    }

    pub(super) fn invitation_digest(&self, text: &InvitationText) -> Digest {
        self.world.store.digest("invitation", &[text.user.as_bytes(), text.secret.as_slice()])
    }
}
