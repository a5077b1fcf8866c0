//! The tests of `keyring` and `envelope`, in one program: they share a small network in memory, and link once.
//! `cfg(test)` tells the lints that helpers between the tests are tests too.

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod chain;
#[cfg(test)]
mod compile_fail;
#[cfg(test)]
mod edges;
#[cfg(test)]
mod files;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod items;
#[cfg(test)]
mod mailbox;
#[cfg(test)]
mod rage;
#[cfg(test)]
mod renewal;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod turning;
#[cfg(test)]
mod vectors;
#[cfg(test)]
mod walks;
#[cfg(test)]
mod world;
