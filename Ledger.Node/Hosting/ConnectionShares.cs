using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Ledger.Node.Hosting;

/// <summary>
/// Whose connections the public API has. One address may not take them all: whatever it does, others are
/// answered, the probe that asks whether the node lives among them. Who comes over its share is closed at
/// once.
/// </summary>
/// <param name="all">Connections that all addresses have together.</param>
/// <param name="each">Connections that one has.</param>
internal sealed class ConnectionShares(int all, int each)
{
    /// <summary>Of an IPv6 address: one subscriber has as many of the rest as it likes.</summary>
    private const int NetworkBytes = 8;

    private readonly ConcurrentDictionary<UInt128, int> _open = new();
    private int _count;

    public ConnectionDelegate Guard(ConnectionDelegate next) => async connection =>
    {
        var whose = OwnerOf((connection.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None);
        var ofAll = Interlocked.Increment(ref _count);
        var ofOwner = _open.AddOrUpdate(whose, 1, (_, open) => open + 1);
        try
        {
            if (ofAll > all || ofOwner > each)
            {
                connection.Abort();
                return;
            }

            await next(connection).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _count);
            Leave(whose);
        }
    };

    private void Leave(UInt128 whose)
    {
        if (_open.AddOrUpdate(whose, 0, (_, open) => open - 1) == 0)
        {
            _open.TryRemove(new(whose, 0));
        }
    }

    private static UInt128 OwnerOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        if (address.AddressFamily == AddressFamily.InterNetworkV6 && !address.IsIPv4MappedToIPv6)
        {
            address.TryWriteBytes(bytes, out _);
            bytes[NetworkBytes..].Clear();
        }
        else
        {
            address.MapToIPv6().TryWriteBytes(bytes, out _);
        }

        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
