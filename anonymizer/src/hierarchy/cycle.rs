//! Values that are each above the other.

use std::collections::HashMap;

use super::Hierarchy;

/// Two values of which each is above the other somewhere in the hierarchy, if there are any. `parents` gives for each level the index of
/// each value's parent. The same text on one level after another is no circle.
pub(super) fn find(hierarchy: &Hierarchy, parents: &[Vec<u32>]) -> Option<(String, String)> {
    let graph = Graph::of(hierarchy, parents);
    let mut states = vec![State::New; graph.texts.len()];
    for start in 0..graph.texts.len() {
        if let Some((value, other)) = graph.walk(start, &mut states) {
            let text = |node: usize| {
                graph
                    .texts
                    .get(node)
                    .map_or_else(String::new, |text| (*text).to_owned())
            };
            return Some((text(value), text(other)));
        }
    }
    None
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}

/// The texts above level 0 with what is directly above each. Other leaves are above nothing, so that no circle goes through them.
struct Graph<'h> {
    texts: Vec<&'h str>,
    above: Vec<Vec<usize>>,
}

impl<'h> Graph<'h> {
    fn of(hierarchy: &'h Hierarchy, parents: &[Vec<u32>]) -> Self {
        let mut nodes: HashMap<&str, usize> = HashMap::new();
        let mut graph = Self {
            texts: Vec::new(),
            above: Vec::new(),
        };
        for text in hierarchy
            .levels
            .iter()
            .skip(1)
            .flat_map(|level| &level.values)
        {
            nodes.entry(text).or_insert_with(|| {
                graph.texts.push(text);
                graph.above.push(Vec::new());
                graph.texts.len() - 1
            });
        }
        let mut link = |below: &str, above: Option<&String>| {
            let nodes = nodes
                .get(below)
                .zip(above.and_then(|above| nodes.get(above.as_str())));
            if let Some((below, above)) = nodes.filter(|(below, above)| below != above)
                && let Some(known) = graph.above.get_mut(*below)
            {
                known.push(*above);
            }
        };
        let levels = hierarchy.levels.iter().zip(hierarchy.levels.iter().skip(1));
        for (place, ((lower, upper), parents)) in levels.zip(parents).enumerate() {
            if place > 0 {
                for (value, parent) in lower.values.iter().zip(parents) {
                    link(value, upper.values.get(*parent as usize));
                }
                continue;
            }
            // Of the many leaves only those matter that are written like a value above.
            for text in hierarchy
                .levels
                .iter()
                .skip(1)
                .flat_map(|level| &level.values)
            {
                let parent = lower
                    .index
                    .find(&lower.values, text)
                    .and_then(|leaf| parents.get(leaf as usize));
                link(
                    text,
                    parent.and_then(|parent| upper.values.get(*parent as usize)),
                );
            }
        }
        graph
    }

    /// Depth first without recursion: a hierarchy may be a long chain of texts.
    fn walk(&self, start: usize, states: &mut [State]) -> Option<(usize, usize)> {
        if states.get(start) != Some(&State::New) {
            return None;
        }
        let mut path = vec![(start, 0_usize)];
        while let Some((node, next)) = path.last_mut() {
            let node = *node;
            if let Some(state) = states.get_mut(node) {
                *state = State::Open;
            }
            let Some(above) = self
                .above
                .get(node)
                .and_then(|above| above.get(*next))
                .copied()
            else {
                if let Some(state) = states.get_mut(node) {
                    *state = State::Done;
                }
                path.pop();
                continue;
            };
            *next += 1;
            match states.get(above) {
                Some(State::New) => path.push((above, 0)),
                Some(State::Open) => return Some((node, above)),
                _ => {}
            }
        }
        None
    }
}
