//! What only a store on disk can do: come back, be locked, be damaged, be put back.

mod crash;
mod damage;
mod files;
mod fixture;
mod flips;
mod opening;
mod played;
mod put_back;
mod reopen;
