//! One switch that tells every part of the server to end.

use tokio::sync::watch;

/// Held by whoever runs the server.
pub struct StopSwitch(watch::Sender<bool>);

/// Held by whoever has to end.
#[derive(Clone)]
pub struct Stop(watch::Receiver<bool>);

impl StopSwitch {
    /// A switch that was not thrown.
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Everybody ends. There is no way back.
    pub fn throw(&self) {
        self.0.send_replace(true);
    }

    pub fn stop(&self) -> Stop {
        Stop(self.0.subscribe())
    }
}

impl Default for StopSwitch {
    fn default() -> Self {
        Self::new()
    }
}

impl Stop {
    /// Whether the switch was thrown.
    pub fn is_thrown(&self) -> bool {
        *self.0.borrow()
    }

    /// Resolves once the switch is thrown, or gone; also if it was before. Cancel safe.
    pub async fn thrown(&mut self) {
        let _ = self.0.wait_for(|thrown| *thrown).await;
    }
}
