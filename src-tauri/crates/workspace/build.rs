//! The example is built into the program; a changed manifest has to build it again.

fn main() {
    println!("cargo:rerun-if-changed=../../example");
}
