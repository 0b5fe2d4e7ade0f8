//! What commands say of themselves.

use std::process::Command;

use sandyq_tests::site::program;

#[test]
fn every_command_explains_itself_with_an_example() {
    fn walk(path: &[String], leaves: &mut usize) {
        let out = Command::new(program())
            .args(path)
            .arg("--help")
            .output()
            .unwrap();
        assert!(out.status.success(), "{path:?}");
        let help = String::from_utf8(out.stdout).unwrap();
        let commands: Vec<&str> = help
            .lines()
            .skip_while(|line| *line != "Commands:")
            .skip(1)
            .take_while(|line| line.starts_with("  "))
            .filter(|line| !line.starts_with("   "))
            .filter_map(|line| line.split_whitespace().next())
            .filter(|command| *command != "help")
            .collect();
        if commands.is_empty() {
            assert!(help.contains("\nExample"), "{path:?} has no example");
            *leaves += 1;
        }
        for command in commands {
            let deeper = [path, &[command.to_owned()]].concat();
            walk(&deeper, leaves);
        }
    }
    let mut leaves = 0;
    walk(&[], &mut leaves);
    assert!(leaves > 50, "{leaves} commands");
}
