using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Ledger.Consensus;
using Ledger.Core;
using Ledger.Node.Api;

namespace Ledger.Node.Consensus;

/// <summary>
/// Brings this node's final state to where a linearizable read may be served from it: at or above everything
/// that any client was told of before the read came. The engine says how high that is; this waits until it is
/// final here.
/// </summary>
/// <param name="post">To the consensus loop.</param>
/// <param name="height">Of the final head.</param>
/// <param name="waiters">Tell when that rises.</param>
/// <param name="clock">What patience is measured by, and leases are.</param>
internal sealed class LinearizableReads(
    Action<Input> post, Func<Height> height, FinalityWaiters waiters, TimeProvider clock)
{
    /// <summary>
    /// An election or a view change in the midst of a read is worth waiting for; a lost quorum is not.
    /// </summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>
    /// A height that is not final by then may have been given up by a view change: it is asked for again.
    /// </summary>
    private static readonly TimeSpan FinalWithin = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentDictionary<ulong, TaskCompletionSource<Answer>> _asked = new();

    /// <summary>
    /// Begins anywhere, so that no answer to an earlier run of this node is taken for one to this.
    /// </summary>
    private ulong _lastId = BinaryPrimitives.ReadUInt64LittleEndian(
        RandomNumberGenerator.GetBytes(sizeof(ulong)));

    /// <returns>Null when the read may be served from the final state; otherwise why not, for
    /// people.</returns>
    public async Task<string?> CatchUpAsync(CancellationToken cancellationToken)
    {
        var since = clock.GetTimestamp();
        using CancellationTokenSource patience = new(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        var obstacle = "consensus does not answer";
        try
        {
            while (true)
            {
                var answer = await AskAsync(either.Token).ConfigureAwait(false);
                if (answer.Height is not { } reached)
                {
                    obstacle = answer.Reason;
                    await Task.Delay(Breath, clock, either.Token).ConfigureAwait(false);
                }
                else if (await IsFinalAsync(reached, either.Token).ConfigureAwait(false))
                {
                    return null;
                }
                else
                {
                    obstacle = $"height {reached} is not final here yet";
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"{obstacle} (tried for {clock.GetElapsedTime(since).TotalSeconds:0.0} s)";
        }
    }

    /// <summary>The engine's answer, on the consensus loop's thread.</summary>
    public void OnReady(ulong id, Height reached) => Answered(id, new(reached, ""));

    /// <inheritdoc cref="OnReady"/>
    public void OnRefused(ulong id, string reason) => Answered(id, new(null, reason));

    private async Task<Answer> AskAsync(CancellationToken cancellationToken)
    {
        var id = Interlocked.Increment(ref _lastId);
        TaskCompletionSource<Answer> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _asked[id] = answer;
        try
        {
            post(new Input.ReadRequested(id, clock.GetElapsedTime(0)));
            return await answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _asked.TryRemove(id, out _);
        }
    }

    private async Task<bool> IsFinalAsync(Height reached, CancellationToken cancellationToken)
    {
        var since = clock.GetTimestamp();
        while (true)
        {
            var newHead = waiters.NewHead;
            var left = FinalWithin - clock.GetElapsedTime(since);
            if (height() >= reached || left <= TimeSpan.Zero)
            {
                return height() >= reached;
            }

            try
            {
                await newHead.WaitAsync(left, clock, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // Looked at once more above.
            }
        }
    }

    private void Answered(ulong id, Answer answer)
    {
        if (_asked.TryRemove(id, out var asked))
        {
            asked.TrySetResult(answer);
        }
    }

    /// <param name="Height">Where the read must be served from, or higher; null when it is refused.</param>
    /// <param name="Reason">Why it is refused.</param>
    private readonly record struct Answer(Height? Height, string Reason);
}
