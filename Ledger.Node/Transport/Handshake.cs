using System.Net;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Node.Transport;

/// <summary>Whom a completed handshake proved at the other end.</summary>
internal sealed record PeerGreeting(ValidatorIndex Validator, Guid Instance, bool DialledByUs);

/// <summary>
/// The mutual challenge and response at the start of a connection: HELLO and HELLO, PROOF and PROOF. The
/// listener answers nothing before it has seen a HELLO of its own chain from a key of the set, and signs
/// nothing before that key is proved. Afterwards the slot of that validator decides whether the connection is
/// let in.
/// </summary>
internal sealed class Handshake(NodeIdentity self, Guid instance)
{
    /// <summary>Greets whom we dialled.</summary>
    /// <param name="expected">Who should be there.</param>
    public async Task<(PeerGreeting? Greeting, Refusal? Refusal)> DialAsync(
        FrameSocket socket, ValidatorIndex expected, CancellationToken cancellationToken)
    {
        var ours = Hello.From(self, instance);
        await socket.WriteAsync(FrameKind.Hello, ours.Encode(), cancellationToken).ConfigureAwait(false);

        var (theirs, peer, refusal) = await ReadHelloAsync(socket, cancellationToken).ConfigureAwait(false);
        if (theirs is null)
        {
            return (null, refusal);
        }

        if (peer != expected)
        {
            return (null, await RefuseAsync(
                socket,
                HandshakeRefusal.WrongPeer,
                $"{NameOf(expected)} was expected there, but it is {NameOf(peer)}",
                cancellationToken).ConfigureAwait(false));
        }

        var proof = self.Key.Sign(HelloStatement.Of(HandshakeRole.Dialler, ours, theirs));
        await WriteProofAsync(socket, proof, cancellationToken).ConfigureAwait(false);
        refusal = await CheckProofAsync(
            socket, theirs.Key, HelloStatement.Of(HandshakeRole.Listener, ours, theirs), cancellationToken)
            .ConfigureAwait(false);
        return refusal is null ? (new(peer, theirs.Instance, DialledByUs: true), null) : (null, refusal);
    }

    /// <summary>Greets whoever dialled us.</summary>
    public async Task<(PeerGreeting? Greeting, Refusal? Refusal)> AcceptAsync(
        FrameSocket socket, CancellationToken cancellationToken)
    {
        var (theirs, peer, refusal) = await ReadHelloAsync(socket, cancellationToken).ConfigureAwait(false);
        if (theirs is null)
        {
            return (null, refusal);
        }

        var ours = Hello.From(self, instance);
        await socket.WriteAsync(FrameKind.Hello, ours.Encode(), cancellationToken).ConfigureAwait(false);
        refusal = await CheckProofAsync(
            socket, theirs.Key, HelloStatement.Of(HandshakeRole.Dialler, theirs, ours), cancellationToken)
            .ConfigureAwait(false);
        if (refusal is not null)
        {
            return (null, refusal);
        }

        var proof = self.Key.Sign(HelloStatement.Of(HandshakeRole.Listener, theirs, ours));
        await WriteProofAsync(socket, proof, cancellationToken).ConfigureAwait(false);
        return (new(peer, theirs.Instance, DialledByUs: false), null);
    }

    /// <summary>Tells the other side that this connection is the one.</summary>
    public static ValueTask<bool> WriteAcceptedAsync(FrameSocket socket, CancellationToken cancellationToken)
        => socket.WriteAsync(FrameKind.Accepted, ReadOnlyMemory<byte>.Empty, cancellationToken);

    /// <returns>Null when the other side lets us in.</returns>
    public async Task<Refusal?> ReadAcceptedAsync(FrameSocket socket, CancellationToken cancellationToken)
    {
        var frame = await socket.ReadAsync(FramePhase.Handshake, cancellationToken).ConfigureAwait(false);
        return frame.Kind == FrameKind.Accepted && frame.Payload.IsEmpty
            ? null
            : await RefusalFromAsync(socket, frame, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Says why not, so that the other side can tell its operator.</summary>
    public async Task<Refusal> RefuseAsync(
        FrameSocket socket, HandshakeRefusal reason, string sentence, CancellationToken cancellationToken)
    {
        await socket.WriteAsync(FrameKind.Refused, RefusedFrame.Encode(reason, self), cancellationToken)
            .ConfigureAwait(false);
        socket.FinishWriting();
        return new(reason, sentence);
    }

    private static async Task WriteProofAsync(
        FrameSocket socket, Signature proof, CancellationToken cancellationToken)
    {
        var bytes = new byte[Signature.Size];
        proof.CopyTo(bytes);
        await socket.WriteAsync(FrameKind.Proof, bytes, cancellationToken).ConfigureAwait(false);
    }

    private async Task<(Hello? Hello, ValidatorIndex Peer, Refusal? Refusal)> ReadHelloAsync(
        FrameSocket socket, CancellationToken cancellationToken)
    {
        var frame = await socket.ReadAsync(FramePhase.Handshake, cancellationToken).ConfigureAwait(false);
        if (frame.Kind != FrameKind.Hello || Hello.Decode(frame.Payload.Span) is not { } hello)
        {
            return (null, default, await RefusalFromAsync(socket, frame, cancellationToken)
                .ConfigureAwait(false));
        }

        if (Objection(hello, socket.Remote) is var (reason, sentence))
        {
            return (null, default, await RefuseAsync(socket, reason, sentence, cancellationToken)
                .ConfigureAwait(false));
        }

        return self.Validators.IndexOf(hello.Key) is { } peer
            ? (hello, peer, null)
            : (null, default, await RefuseAsync(
                socket, HandshakeRefusal.UnknownKey, $"its key {hello.Key} is not among the validators",
                cancellationToken)
                .ConfigureAwait(false));
    }

    private string NameOf(ValidatorIndex validator)
        => self.Validators.Contains(validator) ? self.Validators[validator].Name : $"validator {validator}";

    private (HandshakeRefusal Reason, string Sentence)? Objection(Hello hello, IPEndPoint remote)
    {
        if (hello.Version != Hello.CurrentVersion)
        {
            return (HandshakeRefusal.Version,
                $"it speaks protocol version {hello.Version}, we speak {Hello.CurrentVersion}");
        }

        if (hello.ChainId != self.ChainId)
        {
            return (HandshakeRefusal.WrongChain, $"its chain is '{hello.ChainId}', ours is '{self.ChainId}'");
        }

        if (hello.Genesis != self.Genesis)
        {
            return (HandshakeRefusal.WrongGenesis,
                $"its genesis is {hello.Genesis.ToShortString()}…, ours is {self.Genesis.ToShortString()}…");
        }

        if (hello.Key == self.Key.PublicKey)
        {
            return (HandshakeRefusal.OwnKey, hello.Instance == instance
                ? $"{remote} is this node itself; look for our own address among the peers"
                : "it runs with our key: two nodes share one key, stop one of them");
        }

        return null;
    }

    private async Task<Refusal?> CheckProofAsync(
        FrameSocket socket, PublicKey key, byte[] statement, CancellationToken cancellationToken)
    {
        var frame = await socket.ReadAsync(FramePhase.Handshake, cancellationToken).ConfigureAwait(false);
        if (frame.Kind != FrameKind.Proof || frame.Payload.Length != Signature.Size)
        {
            return await RefusalFromAsync(socket, frame, cancellationToken).ConfigureAwait(false);
        }

        return Ed25519Verifier.Verify(key, statement, new(frame.Payload.Span))
            ? null
            : await RefuseAsync(
                socket,
                HandshakeRefusal.BadSignature,
                "its proof does not verify for the key it claims",
                cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Something else came than was due: the other side's refusal, its end, or nonsense.</summary>
    private async Task<Refusal> RefusalFromAsync(
        FrameSocket socket, Frame frame, CancellationToken cancellationToken)
    {
        if (frame.Outcome == FrameOutcome.Closed)
        {
            return new(HandshakeRefusal.Closed, "it closed the connection during the handshake");
        }

        if (frame.Kind == FrameKind.Refused && frame.Outcome == FrameOutcome.Whole
            && RefusedFrame.Decode(frame.Payload.Span) is { } refused)
        {
            return new(refused.Reason, refused.SentenceFor(self), ByPeer: true);
        }

        return await RefuseAsync(
            socket, HandshakeRefusal.Malformed, "it does not speak our protocol", cancellationToken)
            .ConfigureAwait(false);
    }
}
