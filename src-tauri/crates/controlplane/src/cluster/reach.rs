//! From the host to pods and Services.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use super::ControlPlane;
use crate::programs;

const PATIENCE: Duration = Duration::from_secs(5);

impl ControlPlane {
    /// The cluster address and first port of a Service, reachable from here.
    pub fn service_address(&self, namespace: &str, service: &str) -> io::Result<SocketAddr> {
        let mut command = self.kubectl_command();
        command.args([
            "--namespace",
            namespace,
            "get",
            "service",
            service,
            "--output",
            "json",
        ]);
        let output = programs::run(&mut command)?;
        let service: Value = serde_json::from_slice(&output.stdout)?;
        let address = service["spec"]["clusterIP"]
            .as_str()
            .and_then(|text| text.parse().ok());
        let port = service["spec"]["ports"][0]["port"]
            .as_u64()
            .and_then(|port| port.try_into().ok());
        match (address, port) {
            (Some(address), Some(port)) => Ok(SocketAddr::new(address, port)),
            _ => Err(io::Error::other(
                "the Service has no cluster address and port",
            )),
        }
    }

    /// One `GET` over plain HTTP on a connection of its own; the body of a 200.
    pub fn get(&self, address: SocketAddr, path: &str) -> io::Result<String> {
        let mut connection = TcpStream::connect_timeout(&address, PATIENCE)?;
        connection.set_read_timeout(Some(PATIENCE))?;
        write!(
            connection,
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        )?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer)?;
        let status = answer.lines().next().unwrap_or_default();
        match answer.split_once("\r\n\r\n") {
            Some((_, body)) if status.split(' ').nth(1) == Some("200") => Ok(body.to_owned()),
            _ => Err(io::Error::other(format!(
                "{address}{path} answered {status:?}"
            ))),
        }
    }
}
