//! Links libwork.a, the work itself (../work.c), which the driver has compiled before.
fn main() {
    let folder = std::env::var("PEERS_BUILD")
        .expect("PEERS_BUILD names the folder of libwork.a: use python -m bench.peers");
    println!("cargo:rustc-link-search=native={folder}");
    println!("cargo:rustc-link-lib=static=work");
    println!("cargo:rustc-link-lib=m");
    println!("cargo:rerun-if-env-changed=PEERS_BUILD");
    println!("cargo:rerun-if-changed={folder}/libwork.a");
}
