using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Ledger.Crypto;

namespace Ledger.Node.Tests.Transport;

/// <summary>
/// Speaks the protocol byte by byte, written from its description and not from the product's code: it can
/// lie, and it would notice a change of the layout.
/// </summary>
internal sealed class RawPeer : IDisposable
{
    public const byte Hello = 16;
    public const byte Proof = 17;
    public const byte Accepted = 18;
    public const byte Refused = 19;

    private readonly NetworkStream _stream;

    private RawPeer(Socket socket) => _stream = new(socket, ownsSocket: true);

    public static async Task<RawPeer> DialAsync(IPEndPoint address, int? receiveBufferBytes = null)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (receiveBufferBytes is { } bytes)
        {
            socket.ReceiveBufferSize = bytes;
        }

        await socket.ConnectAsync(address);
        return new(socket);
    }

    public static RawPeer Over(Socket socket) => new(socket);

    public static byte[] HelloOf(TestChain chain, PublicKey key, byte[]? nonce = null, ushort version = 1)
    {
        var chainId = Encoding.UTF8.GetBytes(chain.ChainId);
        var bytes = new byte[114 + chainId.Length];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, version);
        chain.Genesis.CopyTo(bytes.AsSpan(2));
        key.CopyTo(bytes.AsSpan(34));
        (nonce ?? RandomNumberGenerator.GetBytes(32)).CopyTo(bytes, 66);
        RandomNumberGenerator.GetBytes(16).CopyTo(bytes, 98);
        chainId.CopyTo(bytes, 114);
        return bytes;
    }

    public static byte[] StatementOf(byte role, byte[] dialler, byte[] listener)
        =>
        [
            .. "ledger/hello/v1\0"u8,
            role,
            .. dialler.AsSpan(0, 2),
            .. SHA256.HashData(dialler.AsSpan(114)),
            .. dialler.AsSpan(2, 32),
            .. dialler.AsSpan(34, 32),
            .. listener.AsSpan(34, 32),
            .. dialler.AsSpan(66, 32),
            .. listener.AsSpan(66, 32),
            .. dialler.AsSpan(98, 16),
            .. listener.AsSpan(98, 16),
        ];

    /// <summary>What shows whoever sent one of these hellos that a key's holder sent the other.</summary>
    public static byte[] ProofBy(SigningKey key, byte role, byte[] dialler, byte[] listener)
    {
        var bytes = new byte[Signature.Size];
        key.Sign(StatementOf(role, dialler, listener)).CopyTo(bytes);
        return bytes;
    }

    /// <summary>Goes through the whole handshake as an honest dialler of higher index would.</summary>
    public async Task<RawPeer> GreetAsync(TestChain chain, int index)
    {
        var ours = HelloOf(chain, chain.Key(index).PublicKey);
        await SendAsync(Hello, ours);
        var theirs = await ExpectAsync(Hello);
        await SendAsync(Proof, ProofBy(chain.Key(index), 1, ours, theirs));
        var proof = await ExpectAsync(Proof);
        Assert.True(Ed25519Verifier.Verify(
            new(theirs.AsSpan(34, 32)), StatementOf(2, ours, theirs), new(proof)));
        await ExpectAsync(Accepted);
        await SendAsync(Accepted, []);
        return this;
    }

    public Task SendAsync(byte kind, byte[] payload)
        => SendRawAsync([.. Header(payload.Length, kind), .. payload]);

    public async Task SendRawAsync(byte[] bytes) => await _stream.WriteAsync(bytes);

    public static byte[] Header(int payloadBytes, byte kind)
    {
        var bytes = new byte[5];
        BinaryPrimitives.WriteInt32BigEndian(bytes, payloadBytes);
        bytes[4] = kind;
        return bytes;
    }

    public async Task<byte[]> ExpectAsync(byte kind)
    {
        var (actual, payload) = await ReadAsync() ?? throw new EndOfStreamException("The other side closed.");
        Assert.Equal(kind, actual);
        return payload;
    }

    /// <summary>The next frame, or null when the other side has closed.</summary>
    public async Task<(byte Kind, byte[] Payload)?> ReadAsync()
    {
        using var deadline = new CancellationTokenSource(TestChain.Deadline);
        try
        {
            var header = new byte[5];
            await _stream.ReadExactlyAsync(header, deadline.Token);
            var payload = new byte[BinaryPrimitives.ReadInt32BigEndian(header)];
            await _stream.ReadExactlyAsync(payload, deadline.Token);
            return (header[4], payload);
        }
        catch (Exception exception) when (exception is IOException)
        {
            return null;
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
}
