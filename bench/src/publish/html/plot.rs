//! Lines over an axis, as SVG (SVG 2) in the colours of the page.

use std::fmt::Write as _;

use super::{escaped, scale::Scale};

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 34.0;
/// Colours that the page has.
const COLOURS: usize = 4;
/// Up to so many points each is a dot that says its value.
const DOTS_MAX: usize = 120;
const DOT_RADIUS: f64 = 2.5;

/// A line; where a value is missing it is broken.
pub(super) struct Series {
    pub(super) name: &'static str,
    pub(super) points: Vec<(f64, Option<f64>)>,
}

pub(super) struct Plot {
    pub(super) title: &'static str,
    pub(super) unit: &'static str,
    pub(super) along: &'static str,
    pub(super) x: Scale,
    pub(super) y: Scale,
    pub(super) series: Vec<Series>,
}

impl Plot {
    pub(super) fn svg(&self) -> String {
        let Self { title, unit, along, .. } = self;
        let mut svg = format!(
            "<figure>\n<figcaption>{title} <small>{unit}</small></figcaption>\n{}\
             <svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}, {unit}\">\n",
            self.legend()
        );
        self.axes(&mut svg);
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{along}</text>",
            LEFT + (WIDTH - LEFT - RIGHT) / 2.0,
            HEIGHT - 4.0
        );
        for (number, series) in self.series.iter().enumerate() {
            self.line(&mut svg, number % COLOURS, series);
        }
        svg.push_str("</svg>\n</figure>\n");
        svg
    }

    fn legend(&self) -> String {
        if self.series.len() < 2 {
            return String::new();
        }
        let entries = self.series.iter().enumerate().map(|(number, series)| {
            let colour = number % COLOURS;
            format!("<span><svg viewBox=\"0 0 16 8\" aria-hidden=\"true\"><path class=\"series stroke-{colour}\" d=\"M1 4H15\"/></svg> {}</span>", series.name)
        });
        format!("<div class=\"legend\">{}</div>\n", entries.collect::<String>())
    }

    fn axes(&self, svg: &mut String) {
        for (value, label) in self.y.ticks() {
            let y = self.y_of(value);
            let _ = writeln!(svg, "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{}\"/>", WIDTH - RIGHT);
            let label = escaped(&label);
            let _ = writeln!(svg, "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>", LEFT - 6.0, y + 4.0);
        }
        for (value, label) in self.x.ticks() {
            let (x, y) = (self.x_of(value), HEIGHT - BOTTOM + 14.0);
            let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{}</text>", escaped(&label));
        }
        let _ = writeln!(svg, "<path class=\"axis\" d=\"M{LEFT} {TOP}V{}H{}\"/>", HEIGHT - BOTTOM, WIDTH - RIGHT);
    }

    fn line(&self, svg: &mut String, colour: usize, series: &Series) {
        let (mut path, mut pen_is_down) = (String::new(), false);
        for (x, y) in &series.points {
            if let Some(y) = y {
                let to = if pen_is_down { 'L' } else { 'M' };
                let _ = write!(path, "{to}{:.1} {:.1}", self.x_of(*x), self.y_of(*y));
            }
            pen_is_down = y.is_some();
        }
        let _ = writeln!(svg, "<path class=\"series stroke-{colour}\" d=\"{path}\"/>");
        if series.points.len() > DOTS_MAX {
            return;
        }
        for (x, y) in series.points.iter().filter_map(|(x, y)| Some((x, (*y)?))) {
            let _ = writeln!(
                svg,
                "<circle class=\"dot fill-{colour}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"{DOT_RADIUS}\"><title>{} {y} {} at {x}</title></circle>",
                self.x_of(*x),
                self.y_of(y),
                series.name,
                self.unit
            );
        }
    }

    fn x_of(&self, value: f64) -> f64 {
        LEFT + self.x.place(value) * (WIDTH - LEFT - RIGHT)
    }

    fn y_of(&self, value: f64) -> f64 {
        HEIGHT - BOTTOM - self.y.place(value) * (HEIGHT - TOP - BOTTOM)
    }
}
