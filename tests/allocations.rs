//! A record without findings costs no allocation once the memory of its lane is warm.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use sumun::inspect::{Inspector, Scratch};
use sumun::record::{Header, Record};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

#[expect(unsafe_code, reason = "an allocator that counts")]
// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One test only: the counter is the process's.
#[test]
fn a_record_without_findings_allocates_nothing() {
    let inspector = Inspector::builtin().unwrap();
    let mut scratch = Scratch::default();
    let clean = [
        r#"{"orderId":"20260426-7531446","ean":"8800070426951","at":1793458800000,"seq":1732406400,
            "trace":"ecacc398-fabd-4f60-a04a-31f9854210a7","geo":{"lat":37.123456789,"lng":127.0123456},
            "memo":"\ubd80\uc7ac\uc2dc \ubb38 \uc55e","이름":"상품 “A” 123456789","items":[{"no":1},{"no":"01023456789"}],
            "unknown":{"a":1023456789}}"#,
        r#"{"title":"이유 없이 고객님 정수기 상담 1588-1234","brand":"유자차","nm":"주방용","icon":"logo@2x.png","zone":"kr-Central-1 a, B-1",
            "address":"서울시 강남구","name":"GET /orders","passNo":"","note":"바로 2배 개인적으로 1번","git":"git@github.com:team/repo"}"#,
        "plain text 2026-11-24 10:00:00 12345678901234",
        "{\"broken\": [1, 2",
    ];
    let headers = [Header { name: b"x-order-id", value: Some(b"20260426-7531446") }];
    let mut counts = Vec::new();
    for round in 0..3 {
        for payload in clean {
            let record = Record {
                topic: "orders",
                partition: 0,
                offset: 0,
                timestamp_ms: Some(1_793_458_800_000),
                key: Some(b"{\"id\":17}"),
                value: Some(payload.as_bytes()),
                headers: &headers,
            };
            let before = ALLOCATIONS.load(Ordering::Relaxed);
            let inspection = inspector.inspect(&record, &mut scratch);
            let after = ALLOCATIONS.load(Ordering::Relaxed);
            assert_eq!(inspection.findings.len(), 0, "{payload}");
            // An issue says where: that is a text.
            if round > 0 && inspection.issues.is_empty() {
                counts.push(after - before);
            }
        }
    }
    assert_eq!(counts, [0; 6]);
}
