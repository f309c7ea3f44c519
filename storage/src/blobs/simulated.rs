//! A bucket in memory for simulations, which outlives the servers that use it: it can be
//! looked through and copied, and fails when it is told to.

use async_trait::async_trait;
use futures_util::{StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, memory::InMemory, path::Path,
};
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
    time::Duration,
};
use tokio::task::yield_now;

use super::Blobs;

/// What it does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    /// Nothing is done.
    Refuses,
    /// What is asked for is done, and who asked is told that it failed.
    LosesAnswers,
}

/// See the module. Clones are the same bucket.
#[derive(Clone)]
pub struct Place(Arc<Mutex<State>>);

struct State {
    objects: Arc<InMemory>,
    fault: Fault,
    now_ms: Arc<dyn Fn() -> u64 + Send + Sync>,
    /// By the clock of the simulation: the memory knows the machine's alone.
    written_ms: BTreeMap<Path, u64>,
}

/// What was in it at one moment.
#[derive(Clone)]
pub struct Copy(Arc<InMemory>);

impl Place {
    /// An empty one that has this time of day.
    pub fn new(now_ms: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        let (objects, written_ms) = (Arc::default(), BTreeMap::new());
        Self(Arc::new(Mutex::new(State { objects, fault: Fault::None, now_ms: Arc::new(now_ms), written_ms })))
    }

    /// As a server uses it.
    pub fn blobs(&self) -> Blobs {
        Blobs { store: Arc::new(self.clone()), ring: Arc::default(), folder: None }
    }

    /// What it does wrong from now on.
    pub fn set_fault(&self, fault: Fault) {
        self.0.lock().fault = fault;
    }

    /// Copies what is in it.
    pub fn copy(&self) -> Copy {
        Copy(Arc::new(self.objects().fork()))
    }

    /// Puts a copy in the place of what is in it.
    pub fn restore(&self, copy: &Copy) {
        self.0.lock().objects = Arc::new(copy.0.fork());
    }

    /// What the blobs in it are called, whole or not.
    pub async fn names(&self) -> BTreeSet<String> {
        let found = self.objects().list(None).try_collect::<Vec<_>>().await.unwrap_or_default();
        let name = |found: ObjectMeta| found.location.parts().take(2).map(|part| part.as_ref().to_owned()).collect();
        found.into_iter().map(name).collect()
    }

    fn objects(&self) -> Arc<InMemory> {
        Arc::clone(&self.0.lock().objects)
    }

    fn is_written(&self, at: &Path) {
        let mut state = self.0.lock();
        let now_ms = (state.now_ms)();
        state.written_ms.insert(at.clone(), now_ms);
    }

    /// An object as old as it is by the simulation's clock, so that what is just being written is not
    /// taken for what everybody has forgotten.
    fn dated(&self, found: ObjectMeta) -> ObjectMeta {
        let written_ms = self.0.lock().written_ms.get(&found.location).copied().unwrap_or_default();
        let machines_ms = u64::try_from(found.last_modified.timestamp_millis()).unwrap_or_default();
        let last_modified = match written_ms.checked_sub(machines_ms) {
            Some(later) => found.last_modified + Duration::from_millis(later),
            None => found.last_modified - Duration::from_millis(machines_ms - written_ms),
        };
        ObjectMeta { last_modified, ..found }
    }

    /// Others come in between, before it and behind it.
    async fn asked<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        yield_now().await;
        let fault = self.0.lock().fault;
        if fault == Fault::Refuses {
            return Err(away());
        }
        let done = work.await;
        yield_now().await;
        if fault == Fault::LosesAnswers { Err(away()) } else { done }
    }
}

fn away() -> Error {
    Error::Generic { store: "simulated", source: "the bucket does not answer".into() }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("simulated")
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Place")
    }
}

#[async_trait]
impl ObjectStore for Place {
    async fn put_opts(&self, at: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.is_written(at);
        self.asked(self.objects().put_opts(at, payload, options)).await
    }

    async fn put_multipart_opts(&self, at: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.is_written(at);
        self.asked(self.objects().put_multipart_opts(at, options)).await
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        self.asked(self.objects().get_opts(at, options)).await
    }

    fn delete_stream(&self, at: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let (this, objects) = (self.clone(), self.objects());
        at.then(move |at| {
            let (this, objects) = (this.clone(), objects.clone());
            async move {
                let at = at?;
                this.asked(object_store::ObjectStoreExt::delete(&*objects, &at)).await?;
                Ok(at)
            }
        })
        .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        if self.0.lock().fault != Fault::None {
            return stream::once(async { Err(away()) }).boxed();
        }
        let this = self.clone();
        self.objects().list(prefix).map_ok(move |found| this.dated(found)).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.asked(self.objects().list_with_delimiter(prefix)).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.is_written(to);
        self.asked(self.objects().copy_opts(from, to, options)).await
    }
}
