//! Payloads as an online shop sends them to its partners: five shapes that may hold a person, four that never do.
//!
//! Without a person a shape keeps everything else: product names in Hangul, order numbers, EANs, epochs, UUIDs
//! and hexadecimal, which is what a detector has to tell apart from personal data.

use super::people::{self, Person};
use super::random::Random;

const PRODUCTS: &[&str] = &[
    "스테인리스 텀블러 500ml",
    "무선 블루투스 이어폰",
    "극세사 이불 세트 퀸",
    "어린이 우산 투명",
    "캠핑 의자 접이식",
    "USB-C 고속 충전 케이블 2m",
    "대용량 보온 도시락",
    "노트북 거치대 알루미늄",
    "강아지 배변 패드 100매",
    "LED 스탠드 조명",
];
const MEMOS: &[&str] = &[
    "부재 시 문 앞에 놓아주세요",
    "배송 전 연락 바랍니다",
    "경비실에 맡겨주세요",
    "파손 주의",
    "빠른 배송 부탁드립니다",
];
const NODES: &[&str] = &["api-01", "api-07", "batch-02", "edge-kr-3", "edge-kr-9"];

/// A payload with this person's data, or of the same shape with nobody's.
/// `resident` adds a resident registration number, which no consent ever covers.
pub(super) fn with_person(
    random: &mut Random,
    person: Option<&Person>,
    resident: bool,
    at_ms: u64,
) -> String {
    match random.below(20) {
        0..9 => order(random, person, at_ms),
        9..12 => refund(random, person, at_ms),
        12..15 => customs(random, person, at_ms),
        15..18 => member(random, person, resident, at_ms),
        _ => ticket(random, person, at_ms),
    }
}

/// A payload of a shape that never holds personal data.
pub(super) fn without_person(random: &mut Random, at_ms: u64) -> String {
    match random.below(4) {
        0 => telemetry(random, at_ms),
        1 => price(random, at_ms),
        2 => stock(random, at_ms),
        _ => log(random, at_ms),
    }
}

fn order(random: &mut Random, person: Option<&Person>, at_ms: u64) -> String {
    let whose = match person {
        Some(Person { member, name, mobile, address, email }) => format!(
            r#""member":"{member}","buyer":{{"custNm":"{name}","email":"{email}"}},"receiver":{{"receiverName":"{name}","tel":"{mobile}","address":"{address}","zipCode":"{}","memo":"{}"}}"#,
            random.digits(5),
            random.of(MEMOS),
        ),
        None => format!(
            r#""buyer":{{"grade":"G{}"}},"receiver":{{"hub":"SEL-{}","zipCode":"{}","memo":"{}"}}"#,
            random.below(5),
            random.digits(2),
            random.digits(5),
            random.of(MEMOS),
        ),
    };
    let card = match person {
        Some(_) if random.below(4) == 0 => format!(r#","cardNo":"{}""#, people::card(random)),
        _ => String::new(),
    };
    format!(
        r#"{{"eventId":"{}","eventType":"ORDER_SHIPPED","occurredAt":{at_ms},"orders":[{{"orderId":"{}","{}":"{}",{whose},"items":[{}],"payment":{{"method":"CARD","approvalNo":"{}"{card},"amount":{}}}}}],{}}}"#,
        random.uuid(),
        order_number(random),
        "waybill",
        random.digits(12),
        items(random, 2),
        random.digits(8),
        1000 * (3 + random.below(200)),
        trace(random),
    )
}

fn refund(random: &mut Random, person: Option<&Person>, at_ms: u64) -> String {
    let whose = person.map_or_else(String::new, |person| {
        let (bank, account) = people::account(random);
        format!(
            r#""member":"{}","refundAccount":{{"bankName":"{bank}","accountNo":"{account}","accountHolder":"{}"}},"contact":{{"mobileNo":"{}"}},"#,
            person.member, person.name, person.mobile,
        )
    });
    format!(
        r#"{{"refundId":"R{}","reason":"단순 변심","requestedAt":{at_ms},{whose}"orderId":"{}","items":[{}],"amounts":{{"goods":{},"shipping":3000,"point":{}}},"approval":{{"by":"batch-02","txId":"{}"}},{}}}"#,
        random.digits(10),
        order_number(random),
        items(random, 3),
        1000 * (3 + random.below(90)),
        random.below(5000),
        random.hex(32),
        trace(random),
    )
}

fn customs(random: &mut Random, person: Option<&Person>, at_ms: u64) -> String {
    let whose = person.map_or_else(String::new, |person| {
        format!(
            r#""member":"{}","consignee":{{"name":"{}","personalCustomsClearanceCode":"{}","phone":"{}","addr1":"{}"}},"#,
            person.member,
            person.name,
            people::customs_code(random),
            person.mobile,
            person.address,
        )
    });
    format!(
        r#"{{"declaration":"{}-{}-{}M","declaredAt":{at_ms},{whose}"hsCode":"{}.{}","lines":[{}],"value":{{"currency":"USD","amount":{}.{}}},"flight":"KE{}","mawb":"180-{}",{}}}"#,
        random.digits(5),
        random.digits(2),
        random.digits(6),
        random.digits(4),
        random.digits(2),
        items(random, 2),
        random.below(300),
        random.digits(2),
        random.digits(3),
        random.digits(8),
        trace(random),
    )
}

fn member(random: &mut Random, person: Option<&Person>, resident: bool, at_ms: u64) -> String {
    let whose = person.map_or_else(String::new, |person| {
        let number = if resident { format!(r#","rrn":"{}""#, people::resident_number(random)) } else { String::new() };
        format!(
            r#""member":"{}","profile":{{"userName":"{}","email":"{}","hp":"{}","homeTel":"{}","roadAddr":"{}"{number}}},"#,
            person.member,
            person.name,
            person.email,
            person.mobile,
            people::landline(random),
            person.address,
        )
    });
    format!(
        r#"{{"op":"u","tsMs":{at_ms},{whose}"grade":"G{}","points":{},"flags":{{"push":true,"sms":false,"night":false}},"devices":[{{"id":"{}","os":"android","app":"8.{}.{}"}},{{"id":"{}","os":"ios","app":"8.{}.0"}}],"segments":["재구매","쿠폰 선호","{}"],"source":{{"db":"member","file":"mysql-bin.{}","pos":{}}},{}}}"#,
        random.below(5),
        random.below(90_000),
        random.uuid(),
        random.below(20),
        random.below(9),
        random.uuid(),
        random.below(20),
        random.of(&["신규", "휴면 복귀", "우수"]),
        random.digits(6),
        random.below(1_000_000_000),
        trace(random),
    )
}

fn ticket(random: &mut Random, person: Option<&Person>, at_ms: u64) -> String {
    let (head, text) = match person {
        Some(person) => (
            format!(
                r#""member":"{}","requester":{{"name":"{}","email":"{}"}},"#,
                person.member, person.name, person.email
            ),
            format!(
                "안녕하세요. 주문한 상품이 아직 도착하지 않았습니다. 확인 후 {} 로 연락 부탁드립니다.",
                person.mobile
            ),
        ),
        None => (
            String::new(),
            "배송 지연 문의입니다. 주문한 상품이 아직 도착하지 않았습니다. 확인 부탁드립니다.".to_owned(),
        ),
    };
    format!(
        r#"{{"ticketId":"T-{}","channel":"app","createdAt":{at_ms},{head}"orderId":"{}","category":"배송","text":"{text}","history":[{{"at":{},"status":"received"}},{{"at":{at_ms},"status":"assigned"}}],"items":[{}],"attachments":[{{"sha256":"{}","bytes":{}}}],{}}}"#,
        random.digits(8),
        order_number(random),
        at_ms - random.below(600_000),
        items(random, 1),
        random.hex(64),
        random.below(4_000_000),
        trace(random),
    )
}

fn telemetry(random: &mut Random, at_ms: u64) -> String {
    let samples: Vec<String> = (0..12)
        .map(|step| format!("[{},{}.{}]", at_ms + step * 1000, random.below(100), random.digits(3)))
        .collect();
    format!(
        r#"{{"type":"telemetry","device":"{}","session":"{}","at":{at_ms},"screen":"상품 상세","samples":[{}],"net":{{"rtt":{},"bytes":{}}},"app":{{"build":"{}","version":"8.{}.1"}},{}}}"#,
        random.uuid(),
        random.hex(32),
        samples.join(","),
        random.below(400),
        random.below(9_000_000),
        random.digits(10),
        random.below(30),
        trace(random),
    )
}

fn price(random: &mut Random, at_ms: u64) -> String {
    format!(
        r#"{{"type":"price","changedAt":{at_ms},"campaign":"주말 특가","lines":[{}],"currency":"KRW","approval":"{}","batch":"{}",{}}}"#,
        items(random, 6),
        random.digits(12),
        random.uuid(),
        trace(random),
    )
}

fn stock(random: &mut Random, at_ms: u64) -> String {
    let bins: Vec<String> = (0..6)
        .map(|_| {
            format!(
                r#"{{"bin":"A{}-{}","ean":"{}","qty":{},"lot":"{}"}}"#,
                random.digits(2),
                random.digits(3),
                ean(random),
                random.below(500),
                random.digits(10)
            )
        })
        .collect();
    format!(
        r#"{{"type":"stock","warehouse":"인천 물류센터","countedAt":{at_ms},"bins":[{}],"scanner":"{}","checksum":"{}",{}}}"#,
        bins.join(","),
        random.digits(15),
        random.hex(40),
        trace(random),
    )
}

fn log(random: &mut Random, at_ms: u64) -> String {
    format!(
        r#"{{"type":"log","ts":{at_ms},"level":"INFO","logger":"com.shop.order.OutboundSender","thread":"kafka-producer-{}","message":"전송 완료 batch={} records={} bytes={} elapsed={}ms crc={}","request":{{"id":"{}","method":"POST","path":"/v2/partners/{}/orders","status":200}},"context":{{"region":"kr-central-1","pod":"outbound-{}-{}","image":"sha256:{}"}},"metrics":{{"p50":{},"p95":{},"p99":{}}},{}}}"#,
        random.below(8),
        random.digits(13),
        random.below(500),
        random.digits(6),
        random.below(900),
        random.hex(8),
        random.uuid(),
        random.digits(6),
        random.hex(10),
        random.hex(5),
        random.hex(64),
        random.below(50),
        random.below(300),
        random.below(900),
        trace(random),
    )
}

fn items(random: &mut Random, count: u64) -> String {
    let items: Vec<String> = (0..count)
        .map(|_| {
            format!(
                r#"{{"sku":"SKU-{}","ean":"{}","productName":"{}","qty":{},"price":{}}}"#,
                random.digits(7),
                ean(random),
                random.of(PRODUCTS),
                1 + random.below(4),
                100 * (10 + random.below(900)),
            )
        })
        .collect();
    items.join(",")
}

/// EAN-13 of Korea (880) with its check digit.
fn ean(random: &mut Random) -> String {
    let mut digits = format!("880{}", random.digits(9));
    let sum: u32 = digits
        .bytes()
        .enumerate()
        .map(|(place, digit)| u32::from(digit - b'0') * if place % 2 == 0 { 1 } else { 3 })
        .sum();
    digits.push(char::from_digit((10 - sum % 10) % 10, 10).unwrap_or('0'));
    digits
}

fn order_number(random: &mut Random) -> String {
    format!("2026{:02}{:02}-{}", 1 + random.below(11), 1 + random.below(28), random.digits(7))
}

fn trace(random: &mut Random) -> String {
    format!(
        r#""trace":{{"traceparent":"00-{}-{}-01","node":"{}"}}"#,
        random.hex(32),
        random.hex(16),
        random.of(NODES)
    )
}
