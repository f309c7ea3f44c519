//! What the peer says, and what of it breaks the rules.

use bytes::Bytes;

use super::{
    Class, Event, Mux, MuxError, Role, StreamId,
    frame::{Frame, Frames},
    recv_side::Refused,
    stream::Stream,
};
use crate::limits::STREAMS_MAX;

impl Mux {
    /// One message of the peer. Says how many bytes of streams it brought: what it is worth
    /// to who counts messages. After an error the machine is closed.
    pub fn receive(&mut self, message: &[u8]) -> Result<usize, MuxError> {
        if self.closed {
            return Ok(0);
        }
        let outcome = self.frames(message);
        if outcome.is_err() {
            self.close();
        }
        outcome
    }

    fn frames(&mut self, message: &[u8]) -> Result<usize, MuxError> {
        let mut brought = 0;
        for frame in Frames::new(message)? {
            let frame = frame?;
            if let Frame::Data { bytes, .. } = &frame {
                brought += bytes.len();
            }
            self.frame(frame)?;
        }
        Ok(brought)
    }

    fn frame(&mut self, frame: Frame<'_>) -> Result<(), MuxError> {
        match frame {
            Frame::Data { stream, bytes } => self.data(stream, bytes),
            Frame::Fin { stream } => self.end(stream, |stream| stream.recv.finish().map(|()| 0)),
            Frame::Reset { stream, code } => self.end(stream, |stream| stream.recv.reset(code)),
            Frame::Stop { stream, code } => self.stopped(stream, code),
            Frame::Credit { stream: 0, limit } => self.pool_credit(limit),
            Frame::Credit { stream, limit } => self.credit(stream, limit),
            Frame::Datagram { bytes } => {
                self.datagrams_in.push(Bytes::copy_from_slice(bytes));
                self.push(Event::Datagram);
                Ok(())
            }
            Frame::Open { stream, class } => self.opened(stream, class),
        }
    }

    fn opened(&mut self, id: StreamId, class: Class) -> Result<(), MuxError> {
        if self.role == Role::Client {
            return Err(MuxError::OpenByServer);
        }
        let expected = self.streams.next_id().ok_or(MuxError::TooManyStreams)?;
        if id != expected {
            return Err(MuxError::OpenOrder { expected, found: id });
        }
        if self.streams.open_count() >= STREAMS_MAX {
            return Err(MuxError::TooManyStreams);
        }
        self.streams.add(id, class, false);
        self.push(Event::Accept);
        Ok(())
    }

    fn data(&mut self, id: StreamId, bytes: &[u8]) -> Result<(), MuxError> {
        let stream = self.sender(id)?;
        let bulk = stream.class.is_bulk();
        let dropped = stream.recv.receive(bytes).map_err(|refused| refusal(id, refused))?;
        if bulk && !self.pool_in.receive(bytes.len() as u64) {
            return Err(MuxError::OverPoolCredit);
        }
        self.consume(bulk, dropped);
        self.push(Event::Readable(id));
        Ok(())
    }

    fn end(&mut self, id: StreamId, end: impl FnOnce(&mut Stream) -> Result<usize, Refused>) -> Result<(), MuxError> {
        let stream = self.sender(id)?;
        let bulk = stream.class.is_bulk();
        let dropped = end(stream).map_err(|refused| refusal(id, refused))?;
        self.consume(bulk, dropped);
        self.push(Event::Readable(id));
        self.streams.tidy(id);
        Ok(())
    }

    /// The stream whose sending half speaks. One that is forgotten had ended.
    fn sender(&mut self, id: StreamId) -> Result<&mut Stream, MuxError> {
        let opened = self.streams.was_opened(id);
        let missing = if opened { MuxError::AfterEnd(id) } else { MuxError::UnknownStream(id) };
        self.streams.get_mut(id).ok_or(missing)
    }

    fn stopped(&mut self, id: StreamId, code: u32) -> Result<(), MuxError> {
        let Some(stream) = self.receiver(id)? else { return Ok(()) };
        stream.send.stop(code);
        self.push(Event::Writable(id));
        self.push(Event::Transmit);
        Ok(())
    }

    fn credit(&mut self, id: StreamId, limit: u64) -> Result<(), MuxError> {
        let Some(stream) = self.receiver(id)? else { return Ok(()) };
        if !stream.send.credit.raise(limit) {
            return Err(MuxError::CreditShrank(id));
        }
        self.push(Event::Transmit);
        Ok(())
    }

    /// The stream whose receiving half speaks, unless it is forgotten: our end may
    /// have crossed what the peer says.
    fn receiver(&mut self, id: StreamId) -> Result<Option<&mut Stream>, MuxError> {
        if !self.streams.was_opened(id) {
            return Err(MuxError::UnknownStream(id));
        }
        Ok(self.streams.get_mut(id))
    }

    fn pool_credit(&mut self, limit: u64) -> Result<(), MuxError> {
        if !self.pool_out.raise(limit) {
            return Err(MuxError::CreditShrank(0));
        }
        self.ended_file_bytes = self.ended_file_bytes.min(self.pool_out.unread());
        self.push(Event::Transmit);
        Ok(())
    }
}

const fn refusal(id: StreamId, refused: Refused) -> MuxError {
    match refused {
        Refused::OverCredit => MuxError::OverStreamCredit(id),
        Refused::AfterEnd => MuxError::AfterEnd(id),
    }
}
