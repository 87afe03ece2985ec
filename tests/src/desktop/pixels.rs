//! What the virtual screen shows. It is read from where its server keeps it: nothing of the program
//! has to answer for that, however it draws and whatever became of it.

use std::path::{Path, PathBuf};

use super::DesktopFailure;

/// The pixels of a screen.
#[derive(Debug, Clone)]
pub struct Pixels(PathBuf);

/// A part of a screen, in pixels from its upper left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    /// Of its left edge.
    pub left: u32,
    /// Of its upper edge.
    pub top: u32,
    /// How wide.
    pub width: u32,
    /// How high.
    pub height: u32,
}

/// Rows of pixels as the server keeps them: blue, green, red and a byte of nothing each.
struct Dump {
    bytes: Vec<u8>,
    /// Where the first row begins.
    begin: usize,
    /// Bytes of a row.
    row: usize,
    width: u32,
    height: u32,
}

impl Pixels {
    pub(super) fn kept_in(file: PathBuf) -> Pixels {
        Pixels(file)
    }

    /// How many are of a colour (`0xRRGGBB`); one row in eight is looked at and counts for all.
    ///
    /// # Errors
    /// When the server's file cannot be read.
    pub fn of(&self, colour: u32) -> Result<usize, DesktopFailure> {
        let dump = self.dump()?;
        let is_wanted = |pixel: &&[u8]| {
            let bytes = pixel.first_chunk().copied().unwrap_or_default();
            u32::from_le_bytes(bytes) & 0x00ff_ffff == colour
        };
        let of_row = |row: &[u8]| row.chunks_exact(4).filter(is_wanted).count();
        Ok(dump.rows().step_by(8).map(of_row).sum::<usize>() * 8)
    }

    /// The whole screen as a PNG.
    ///
    /// # Errors
    /// When the server's file cannot be read.
    pub fn png(&self) -> Result<Vec<u8>, DesktopFailure> {
        let dump = self.dump()?;
        let (width, height) = (dump.width, dump.height);
        dump.png(Area {
            left: 0,
            top: 0,
            width,
            height,
        })
    }

    /// A part of it as a PNG, once two looks at it were alike (or `patience` looks were not): what
    /// was just drawn comes in pieces.
    ///
    /// # Errors
    /// When the server's file cannot be read, or the part lies outside of the screen.
    pub async fn still(&self, area: Area, patience: usize) -> Result<Vec<u8>, DesktopFailure> {
        let mut dump = self.dump()?;
        for _ in 0..patience {
            tokio::time::sleep(super::LIMITS.look).await;
            let next = self.dump()?;
            let same = next.bytes == dump.bytes;
            dump = next;
            if same {
                break;
            }
        }
        dump.png(area)
    }

    fn dump(&self) -> Result<Dump, DesktopFailure> {
        let read = |file: &Path| std::fs::read(file);
        let bytes = read(&self.0).map_err(|source| DesktopFailure::File {
            what: "reading the pixels of the screen",
            source,
        })?;
        Dump::of(bytes).ok_or(UNREADABLE)
    }
}

const UNREADABLE: DesktopFailure = DesktopFailure::NotReady("the file of the screen's pixels");

impl Dump {
    /// An X window dump: numbers of 32 bits, the highest byte first; colours; rows.
    fn of(bytes: Vec<u8>) -> Option<Dump> {
        let number = |index: usize| {
            let bytes = bytes.get(index * 4..index * 4 + 4)?;
            Some(u32::from_be_bytes(bytes.try_into().ok()?))
        };
        let long = |index: usize| usize::try_from(number(index)?).ok();
        let (width, height) = (number(4)?, number(5)?);
        let (begin, row) = (long(0)? + long(19)? * 12, long(12)?);
        let whole = begin + row * usize::try_from(height).ok()?;
        (bytes.len() >= whole).then_some(Dump {
            bytes,
            begin,
            row,
            width,
            height,
        })
    }

    fn rows(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes[self.begin..].chunks_exact(self.row)
    }

    fn png(&self, area: Area) -> Result<Vec<u8>, DesktopFailure> {
        let inside = area.left + area.width <= self.width && area.top + area.height <= self.height;
        if !inside {
            return Err(DesktopFailure::Outside(area));
        }
        let [left, top, width, height] =
            [area.left, area.top, area.width, area.height].map(|length| length as usize);
        let rows = self.rows().skip(top).take(height);
        let colours = rows.flat_map(|row| {
            let pixels = row[left * 4..(left + width) * 4].chunks_exact(4);
            pixels.flat_map(|pixel| [pixel[2], pixel[1], pixel[0]])
        });
        let colours: Vec<u8> = colours.collect();
        let mut png = Vec::new();
        let mut encoder = png::Encoder::new(&mut png, area.width, area.height);
        encoder.set_color(png::ColorType::Rgb);
        let written = encoder
            .write_header()
            .and_then(|mut writer| writer.write_image_data(&colours));
        written.map(|()| png).map_err(DesktopFailure::Png)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Three pixels wide, two high; one colour in the table, a byte of padding behind each row.
    fn dump() -> Dump {
        let mut header = [0_u32; 25];
        (header[0], header[4], header[5]) = (100, 3, 2);
        (header[12], header[19]) = (16, 1);
        let mut bytes: Vec<u8> = header.iter().flat_map(|one| one.to_be_bytes()).collect();
        bytes.extend([0; 12]);
        for row in 0..2_u8 {
            bytes.extend((0..3).flat_map(|column| [column, row, 9, 0]));
            bytes.extend([0xff; 4]);
        }
        Dump::of(bytes).unwrap()
    }

    #[test]
    fn a_part_becomes_a_picture_of_its_own_pixels() {
        let area = Area {
            left: 1,
            top: 1,
            width: 2,
            height: 1,
        };
        let png = dump().png(area).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(png))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let frame = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((frame.width, frame.height), (2, 1));
        assert_eq!(&pixels[..frame.buffer_size()], [9, 1, 1, 9, 1, 2]);
    }

    #[test]
    fn what_lies_outside_is_no_picture() {
        let area = Area {
            left: 2,
            top: 0,
            width: 2,
            height: 2,
        };
        assert!(matches!(
            dump().png(area),
            Err(DesktopFailure::Outside(outside)) if outside == area
        ));
    }

    #[test]
    fn half_a_dump_is_none() {
        let mut bytes = dump().bytes;
        bytes.truncate(bytes.len() - 1);
        assert!(Dump::of(bytes).is_none());
    }
}
