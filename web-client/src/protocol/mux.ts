/** Many streams over one WebSocket: the same mux as in Rust, protocol/src/mux. */
export { MuxConnection, type MuxPipe, type MuxStream } from './mux/connection';
export { HalfError, MuxError, type MuxReason, OpenError } from './mux/error';
export { type MuxFrame, muxFrames, putFrame } from './mux/frame';
export { Mux, type MuxEvents, type Role } from './mux/machine';
