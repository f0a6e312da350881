using Ledger.Core;

namespace Ledger.Node.Transport;

/// <summary>What a handler made of a frame.</summary>
/// <param name="Reason">A short word for the metric's label; null when all is well.</param>
/// <param name="Hostile">The peer cannot be honest: it loses its connection, for a while.</param>
/// <param name="Wasted">
/// Of the pieces in the frame those that cost work elsewhere and came to nothing.
/// </param>
public readonly record struct FrameVerdict(string? Reason, bool Hostile, int Wasted = 0)
{
    public static FrameVerdict Ok => default;

    /// <summary>The frame is of no use, which can happen between honest peers.</summary>
    public static FrameVerdict Drop(string reason) => new(reason, Hostile: false);

    /// <summary>No honest peer sends this.</summary>
    public static FrameVerdict Disconnect(string reason) => new(reason, Hostile: true);
}

/// <summary>
/// Takes one frame. Awaited before the same peer's next frame is read, so a slow handler slows that peer
/// only. The payload belongs to the handler, which may keep it.
/// </summary>
public delegate ValueTask<FrameVerdict> FrameHandler(
    ValidatorIndex from, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken);

/// <summary>Who handles which kind of frame; complete before the network starts.</summary>
public sealed class FrameRouter
{
    private readonly FrameHandler?[] _handlers = new FrameHandler?[(int)FrameKind.Members + 1];

    /// <summary>Names the one handler of a kind.</summary>
    public FrameRouter On(FrameKind kind, FrameHandler handler)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((int)kind, _handlers.Length, nameof(kind));
        if (_handlers[(int)kind] is not null)
        {
            throw new InvalidOperationException($"Frames of kind {kind} have a handler already.");
        }

        _handlers[(int)kind] = handler;
        return this;
    }

    internal ValueTask<FrameVerdict> RouteAsync(
        ValidatorIndex from, FrameKind kind, ReadOnlyMemory<byte> payload,
        CancellationToken cancellationToken)
        => _handlers[(int)kind] is { } handler
            ? handler(from, payload, cancellationToken)
            : ValueTask.FromResult(FrameVerdict.Drop("no_handler"));
}
