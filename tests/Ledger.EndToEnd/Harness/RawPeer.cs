using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.EndToEnd.Harness;

/// <summary>
/// Speaks to a peer port byte by byte, written from the protocol's description: it can lie.
/// </summary>
internal sealed class RawPeer : IDisposable
{
    public const byte Consensus = 1;
    public const byte Hello = 16;
    public const byte Proof = 17;
    public const byte Accepted = 18;
    public const byte Refused = 19;

    public const int HeaderBytes = 5;
    private const int KeyAt = 34;
    private const int NonceAt = 66;
    private const int InstanceAt = 98;
    private const int ChainIdAt = 114;

    private readonly NetworkStream _stream;

    private RawPeer(Socket socket) => _stream = new(socket, ownsSocket: true);

    public static async Task<RawPeer> DialAsync(IPEndPoint address)
    {
        Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address);
        return new(socket);
    }

    public static byte[] HelloOf(string chainId, Digest genesis, PublicKey key, ushort version = 1)
    {
        var bytes = new byte[ChainIdAt + chainId.Length];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, version);
        genesis.CopyTo(bytes.AsSpan(2));
        key.CopyTo(bytes.AsSpan(KeyAt));
        RandomNumberGenerator.Fill(bytes.AsSpan(NonceAt, ChainIdAt - NonceAt));
        Encoding.ASCII.GetBytes(chainId).CopyTo(bytes, ChainIdAt);
        return bytes;
    }

    /// <summary>Goes through the whole handshake, as the validator that holds this key would.</summary>
    public async Task GreetAsync(Genesis genesis, SigningKey key)
    {
        var ours = HelloOf(genesis.ChainId, genesis.Hash, key.PublicKey);
        await SendAsync(Hello, ours);
        var theirs = await ExpectAsync(Hello);
        var proof = new byte[Signature.Size];
        key.Sign(StatementOf(1, ours, theirs)).CopyTo(proof);
        await SendAsync(Proof, proof);
        await ExpectAsync(Proof);
        await ExpectAsync(Accepted);
        await SendAsync(Accepted, []);
    }

    public Task SendAsync(byte kind, byte[] payload)
        => SendRawAsync([.. Header(payload.Length, kind), .. payload]);

    /// <summary>The other side may have closed before all was written, as it may.</summary>
    /// <returns>Whether it has not.</returns>
    public async Task<bool> SendRawAsync(byte[] bytes)
    {
        try
        {
            await _stream.WriteAsync(bytes);
            return true;
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // The read that follows tells.
            return false;
        }
    }

    public static byte[] Header(int payloadBytes, byte kind)
    {
        var bytes = new byte[HeaderBytes];
        BinaryPrimitives.WriteInt32BigEndian(bytes, payloadBytes);
        bytes[^1] = kind;
        return bytes;
    }

    public async Task<byte[]> ExpectAsync(byte kind)
    {
        var (actual, payload) = await ReadAsync() ?? throw new EndOfStreamException("The other side closed.");
        Assert.Equal(kind, actual);
        return payload;
    }

    /// <summary>The next of one kind; others are passed over.</summary>
    public async Task<byte[]> NextAsync(byte kind)
    {
        while (true)
        {
            var (actual, payload)
                = await ReadAsync() ?? throw new EndOfStreamException("The other side closed.");
            if (actual == kind)
            {
                return payload;
            }
        }
    }

    /// <summary>Takes bytes as fast as they come, whatever they mean, until either side closes.</summary>
    public async Task DrainAsync()
    {
        var buffer = new byte[1024 * 1024];
        try
        {
            while (await _stream.ReadAsync(buffer) > 0)
            {
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // One side has closed, as it may.
        }
    }

    /// <summary>Reads whatever comes until the other side closes.</summary>
    public async Task UntilClosedAsync()
    {
        while (await ReadAsync() is not null)
        {
        }
    }

    public void Dispose() => _stream.Dispose();

    private async Task<(byte Kind, byte[] Payload)?> ReadAsync()
    {
        using CancellationTokenSource deadline = new(Eventually.Deadline);
        try
        {
            var header = new byte[HeaderBytes];
            await _stream.ReadExactlyAsync(header, deadline.Token);
            var payload = new byte[BinaryPrimitives.ReadInt32BigEndian(header)];
            await _stream.ReadExactlyAsync(payload, deadline.Token);
            return (header[^1], payload);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static byte[] StatementOf(byte role, byte[] dialler, byte[] listener) =>
    [
        .. "ledger/hello/v1\0"u8, role, .. dialler.AsSpan(0, 2),
        .. SHA256.HashData(dialler.AsSpan(ChainIdAt)),
        .. dialler.AsSpan(2, 32), .. dialler.AsSpan(KeyAt, 32), .. listener.AsSpan(KeyAt, 32),
        .. dialler.AsSpan(NonceAt, 32), .. listener.AsSpan(NonceAt, 32), .. dialler.AsSpan(InstanceAt, 16),
        .. listener.AsSpan(InstanceAt, 16),
    ];
}
