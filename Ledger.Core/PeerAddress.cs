using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Ledger.Core;

/// <summary>Where a validator listens, as people write it: host:port, or [address]:port for IPv6.</summary>
public static class PeerAddress
{
    public static bool TryParse(string text, out string host, out int port)
    {
        var colon = text.LastIndexOf(':');
        host = colon > 0 ? text[..colon] : "";
        if (text.Length > Limits.AddressBytes || !IsHost(host)
            || !ushort.TryParse(
                text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || number == 0)
        {
            port = 0;
            return false;
        }

        host = host.Trim('[', ']');
        port = number;
        return true;
    }

    private static bool IsHost(string host)
    {
        if (host.StartsWith('[') && host.EndsWith(']'))
        {
            return IPAddress.TryParse(host[1..^1], out var address)
                && address.AddressFamily == AddressFamily.InterNetworkV6;
        }

        foreach (var c in host)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_'))
            {
                return false;
            }
        }

        return host.Length > 0;
    }
}
