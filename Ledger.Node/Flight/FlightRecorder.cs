using System.Buffers;
using System.Threading.Channels;
using Ledger.Consensus;
using Ledger.Consensus.Flight;
using Ledger.Core;
using Ledger.Node.Hosting;
using Microsoft.Extensions.Logging;

namespace Ledger.Node.Flight;

/// <summary>
/// Keeps the last turns of this node's engine on disk, so that <c>ledger replay</c> runs them again. The
/// consensus loop hands over what it has anyway; a thread of its own encodes and writes, without syncing:
/// what the system was given outlives the process, and a power cut may cost the end. When it cannot keep up
/// it leaves a gap and goes on behind a new picture of the engine; when the disk fails it stops, and the node
/// does not.
/// </summary>
internal sealed partial class FlightRecorder : IFlightRecorder, IAsyncDisposable
{
    /// <summary>Turns that may wait for the disk: the blocks in them stay in memory for so long.</summary>
    private const int WaitingMax = 256;

    /// <summary>
    /// Pieces that the folder's bytes are divided into: with the oldest goes this part of the past.
    /// </summary>
    private const int Pieces = 4;

    private readonly Channel<Item> _items = Channel.CreateBounded<Item>(
        new BoundedChannelOptions(WaitingMax) { SingleReader = true, SingleWriter = true });

    /// <summary>
    /// Rung with each turn. Its thread sleeps at once: turns come one by one, and one that spins for the next
    /// costs more than all that it writes.
    /// </summary>
    private readonly ManualResetEventSlim _bell = new(initialState: false, spinCount: 0);

    private readonly Func<FlightSource> _source;
    private readonly FlightFolder _folder;
    private readonly long _pieceBytes;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Task _writing;
    private ulong _turns;

    /// <summary>Recordings that the loop has begun; only it writes this.</summary>
    private int _begun;

    /// <summary>The last of them that is full; only the recorder's thread writes this.</summary>
    private volatile int _full;

    /// <summary>A turn was left out of the last one.</summary>
    private bool _hasGap;

    private volatile bool _isOver;

    /// <param name="source">Whose engine it is, asked as each recording begins: validators come and
    /// go.</param>
    /// <param name="dataFolder">Where the recordings are kept.</param>
    /// <param name="megabytes">What they may take.</param>
    /// <param name="clock">When turns were.</param>
    /// <param name="logger">Hears why it stops.</param>
    public FlightRecorder(
        Func<FlightSource> source, string dataFolder, int megabytes, TimeProvider clock,
        ILogger<FlightRecorder> logger)
    {
        _source = source;
        var bytes = (long)megabytes << 20;
        _folder = new(dataFolder, bytes);
        _pieceBytes = bytes / Pieces;
        _clock = clock;
        _logger = logger;
        _writing = DedicatedThread.Run("flight recorder", Write);
    }

    /// <summary>The last recording was begun and takes more.</summary>
    private bool IsOpen => _begun > _full;

    /// <inheritdoc/>
    public void Begin(IEngine engine)
    {
        // Behind a gap it waits until there is room again: a picture costs the loop more than a turn does.
        if (_isOver || (IsOpen && !_hasGap) || _items.Reader.Count > WaitingMax / 2)
        {
            return;
        }

        try
        {
            if (TryHandOver(new(FlightStart.Of(_source(), engine), null, 0, default)))
            {
                _begun++;
                _hasGap = false;
            }
        }
        catch (Exception fault)
        {
            // Whatever is wrong with the recorder is no reason to stop a validator.
            Stop(fault.Message);
        }
    }

    /// <inheritdoc/>
    public void End(IReadOnlyList<Input> inputs, Effects effects)
    {
        _turns++;
        if (!_isOver && _begun > 0 && !_hasGap)
        {
            var at = new Timestamp(_clock.GetUtcNow().ToUnixTimeMilliseconds());
            _hasGap = !TryHandOver(new(null, EngineTurn.Of(inputs, effects), _turns, at));
        }
    }

    /// <summary>No more turns come; returns when all that came are with the system.</summary>
    public async ValueTask DisposeAsync()
    {
        _items.Writer.TryComplete();
        _bell.Set();
        await _writing.ConfigureAwait(false);
        _bell.Dispose();
    }

    private bool TryHandOver(Item item)
    {
        if (!_items.Writer.TryWrite(item))
        {
            return false;
        }

        _bell.Set();
        return true;
    }

    private void Write()
    {
        FileStream? file = null;
        try
        {
            ArrayBufferWriter<byte> buffer = new();
            var current = 0;
            while (Next(file) is { } item)
            {
                if (item.Start is { } start)
                {
                    file?.Dispose();
                    file = _folder.Next(_pieceBytes);
                    current++;
                    FlightFrames.WriteStart(buffer, start);
                }
                else
                {
                    FlightFrames.WriteTurn(buffer, item.Number, item.At, item.Turn!);
                }

                file!.Write(buffer.WrittenSpan);
                buffer.ResetWrittenCount();
                if (file.Position >= _pieceBytes)
                {
                    _full = current;
                }
            }
        }
        catch (Exception fault)
        {
            Stop(fault.Message);
        }
        finally
        {
            Close(file);
        }
    }

    /// <summary>Waits only after all that came is with the system; null at the end.</summary>
    private Item? Next(FileStream? file)
    {
        while (true)
        {
            _bell.Reset();
            if (_items.Reader.TryRead(out var item))
            {
                return item;
            }

            file?.Flush();
            if (_items.Reader.Completion.IsCompleted)
            {
                return null;
            }

            _bell.Wait();
        }
    }

    private void Close(FileStream? file)
    {
        try
        {
            file?.Dispose();
        }
        catch (IOException exception)
        {
            Stop(exception.Message);
        }
    }

    /// <summary>For good, and said once.</summary>
    private void Stop(string why)
    {
        if (!_isOver)
        {
            _isOver = true;
            LogStopped(_logger, why);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The flight recorder has stopped and the node goes on: {why}")]
    private static partial void LogStopped(ILogger logger, string why);

    /// <summary>The start of a recording, or a turn.</summary>
    private sealed record Item(FlightStart? Start, EngineTurn? Turn, ulong Number, Timestamp At);
}
