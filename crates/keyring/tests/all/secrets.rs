//! What people type, and what is derived from it: codes, passphrases, slots, sessions, drafts.

use std::collections::BTreeSet;

use envelope::ids::NetworkId;
use envelope::mailbox::{Nonce, sign_in_payload};
use envelope::publication::SECRET_KEY_MARK;
use envelope::signature::SignedType;
use keyring::operator::OperatorIdentity;
use keyring::paper::PaperIdentity;
use keyring::passphrase::{Passphrase, WORDS, WordList};
use keyring::receipt::{ReceiptCode, derive};
use keyring::refusal::{OpenRefusal, SecretRefusal};
use keyring::slot::{self, SlotKeys};
use keyring::{digits, draft, session};
use proptest::prelude::*;

use crate::world::rng;

fn typed(code: &ReceiptCode) -> String {
    code.groups().iter().map(|group| group.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn codes_are_twenty_even_digits_in_five_groups() {
    let mut rng = rng(1);
    let mut counts = [0_u32; 10];
    let mut codes = BTreeSet::new();
    for _ in 0..2_000 {
        let code = ReceiptCode::generate(&mut rng);
        assert!(code.groups().iter().all(|group| group.len() == 4));
        for digit in typed(&code).bytes().filter(u8::is_ascii_digit) {
            counts[usize::from(digit - b'0')] += 1;
        }
        codes.insert(typed(&code));
    }
    assert_eq!(codes.len(), 2_000);
    // 4,000 of each are expected; five standard deviations are 300.
    assert!(counts.iter().all(|count| (3_700..4_300).contains(count)), "{counts:?}");
}

#[test]
fn a_code_is_read_in_any_script_with_whatever_comes_between() {
    let plain = ReceiptCode::parse("01234567890123456789").unwrap();
    for same in [
        "0123 4567 8901 2345 6789",
        "  0123-4567-8901-2345-6789\n",
        "0123\u{a0}4567\u{202f}8901\t2345\u{3000}6789",
        "\u{200f}٠١٢٣ ٤٥٦٧ ٨٩٠١ ٢٣٤٥ ٦٧٨٩\u{200e}",
        "۰۱۲۳ ۴۵۶۷ ۸۹۰۱ ۲۳۴۵ ۶۷۸۹",
        "०१२३ ४५६७ ८९०१ २३४५ ६७८९",
        "০১২৩ ৪৫৬৭ ৮৯০১ ২৩৪৫ ৬৭৮৯",
        "\u{2067}0123\u{2069} \u{feff}4567 8901 2345 6789",
        "𝟎𝟏𝟐𝟑 4567 8901 2345 6789",
        "0123 4567 ٨٩٠١ 2345 6789",
    ] {
        assert!(ReceiptCode::parse(same).unwrap() == plain, "{same}");
    }
    assert_eq!(ReceiptCode::parse("0123").err(), Some(SecretRefusal::Digits { digits: 4 }));
    assert_eq!(ReceiptCode::parse("").err(), Some(SecretRefusal::Digits { digits: 0 }));
    assert_eq!(
        ReceiptCode::parse("0123 4567 8901 2345 67890").err(),
        Some(SecretRefusal::Digits { digits: 21 })
    );
    for wrong in ["0123 4567 8901 2345 678x", "0123 4567 8901 2345 678²", "0123 4567 8901 2345 678五"] {
        assert_eq!(ReceiptCode::parse(wrong).err(), Some(SecretRefusal::Character), "{wrong}");
    }
}

#[test]
fn a_code_leads_to_other_keys_on_another_network() {
    let code = ReceiptCode::parse("01234567890123456789").unwrap();
    let [one, two] =
        [[1; 16], [2; 16]].map(|bytes| derive(&code, NetworkId::from_random_bytes(bytes)).unwrap());
    assert_ne!(one.mailbox_id(), two.mailbox_id());
    assert_ne!(one.recipient(), two.recipient());
    assert_ne!(one.words(), two.words());
}

#[test]
fn passphrases_are_six_words_of_the_list() {
    let mut rng = rng(2);
    for list in [WordList::English, WordList::Italian] {
        let distinct: BTreeSet<_> = list.words().iter().collect();
        assert_eq!(distinct.len(), 2_048);
        // The folding of typed letters is as good as NFKD only for words like these.
        assert!(list.words().iter().all(|word| word.bytes().all(|byte| byte.is_ascii_lowercase())));
        let passphrase = Passphrase::generate(list, &mut rng);
        let words: Vec<_> = passphrase.as_str().split(' ').collect();
        assert_eq!(words.len(), WORDS);
        assert!(words.iter().all(|word| list.words().contains(word)));
    }
}

#[test]
fn a_passphrase_is_the_same_however_it_was_typed() {
    let plain = Passphrase::parse("abaco metodo uva").unwrap();
    for same in [
        " Abaco  METODO\tuva\n",
        "abaco\u{a0}metodo\u{3000}uva",
        "ａｂａｃｏ metodo uva",
        "àbaco mètodo ùva",
        "a\u{300}baco me\u{301}todo uva",
        "\u{200e}abaco metodo uva\u{200f}",
    ] {
        assert!(
            Passphrase::parse(same).unwrap() == plain,
            "{same}: {}",
            Passphrase::parse(same).unwrap().as_str()
        );
    }
    assert_eq!(Passphrase::parse(" \u{200e} ").err(), Some(SecretRefusal::Malformed));
    assert_eq!(Passphrase::parse(&"a".repeat(1_025)).err(), Some(SecretRefusal::Memory));
}

#[test]
fn a_slot_opens_with_its_passphrase_and_signs_in_its_account() {
    let mut rng = rng(3);
    let operator = OperatorIdentity::generate(&mut rng).unwrap();
    let passphrase = Passphrase::generate(WordList::Italian, &mut rng);
    let record = slot::create(&passphrase, &operator, &mut rng).unwrap();
    assert!(!serde_json::to_string(&record).unwrap().contains(SECRET_KEY_MARK));
    let keys = SlotKeys::derive(&passphrase, &record.salt.0).unwrap();
    assert_eq!(keys.login_key(), record.login_key);
    let opened = keys.open(&record.blob.0).unwrap();
    assert_eq!((opened.recipient(), opened.public_key()), (operator.recipient(), operator.public_key()));

    let nonce = Nonce::from_bytes([5; 56]);
    let signature = keys.sign_in(&nonce, "ada");
    let verifies = |account| {
        record.login_key.verifies(SignedType::SignIn, &sign_in_payload(&nonce, account), &signature)
    };
    assert!(verifies("ada") && !verifies("bea"));

    let other = SlotKeys::derive(&Passphrase::parse("altro").unwrap(), &record.salt.0).unwrap();
    assert_eq!(other.open(&record.blob.0).err(), Some(OpenRefusal::Key));
    assert_eq!(SlotKeys::derive(&passphrase, &[0; 15]).err(), Some(SecretRefusal::Malformed));
}

#[test]
fn sessions_and_drafts_open_for_their_owner_only() {
    let mut rng = rng(4);
    let [one, two] = [0, 1].map(|_| OperatorIdentity::generate(&mut rng).unwrap());
    let sealed = session::seal(&one, &[1; 32]).unwrap();
    assert_eq!(session::open(&sealed, &[1; 32]).unwrap().recipient(), one.recipient());
    assert_eq!(session::open(&sealed, &[2; 32]).err(), Some(OpenRefusal::Key));
    let sealed = draft::seal(&one, "bozza".as_bytes()).unwrap();
    assert_eq!(draft::open(&one, &sealed).unwrap().as_slice(), "bozza".as_bytes());
    assert_eq!(draft::open(&two, &sealed).err(), Some(OpenRefusal::Key));
}

#[test]
fn paper_is_read_with_and_without_its_comment() {
    let paper = PaperIdentity::generate(&mut rng(5)).unwrap();
    let file = paper.to_file();
    let secret = file.lines().nth(1).unwrap();
    for text in [file.as_str(), secret, &format!("\n  {secret}\n\n")] {
        assert_eq!(PaperIdentity::parse(text).unwrap().recipient(), paper.recipient());
    }
    assert_eq!(PaperIdentity::parse(&format!("{secret}\n{secret}")).err(), Some(SecretRefusal::Malformed));
}

proptest! {
    /// What is shown can be typed again, in any digits.
    #[test]
    fn shown_codes_are_read_again(seed: u64, zero in prop_oneof![Just('0'), Just('٠'), Just('۰'), Just('߀'), Just('０')]) {
        let code = ReceiptCode::generate(&mut rng(seed));
        let shift = |digit: char| char::from_u32(u32::from(zero) + digit.to_digit(10)?);
        let text: String = typed(&code).chars().map(|digit| shift(digit).unwrap_or(' ')).collect();
        prop_assert!(ReceiptCode::parse(&text).unwrap() == code);
    }

    /// A digit is never a separator, and ASCII digits have their own value.
    #[test]
    fn digits_and_separators_are_disjoint(character: char) {
        prop_assert!(digits::value(character).is_none() || !digits::is_separator(character));
        if character.is_ascii() {
            prop_assert_eq!(digits::value(character).map(u32::from), character.to_digit(10));
        }
    }
}
