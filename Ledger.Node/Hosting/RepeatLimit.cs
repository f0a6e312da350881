using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Ledger.Node.Hosting;

/// <summary>
/// Lets no sentence fill the log: of each, a few pass in every while; how many more there were is said with
/// the next one. What ends the node always passes.
/// </summary>
internal sealed class RepeatLimit(ILoggerProvider inner, TimeProvider clock) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new Limited(inner.CreateLogger(categoryName), clock);

    public void Dispose() => inner.Dispose();

    private sealed class Limited(ILogger inner, TimeProvider clock) : ILogger
    {
        private readonly ConcurrentDictionary<int, Allowance> _bySentence = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            // Sentences of this program have ids, made from their names; others do not, and are few.
            if (logLevel == LogLevel.Critical || eventId.Id == 0)
            {
                inner.Log(logLevel, eventId, state, exception, formatter);
                return;
            }

            var (passes, leftOut) = _bySentence.GetOrAdd(eventId.Id, _ => new(clock)).Take();
            if (leftOut > 0)
            {
                LeftOut.Say(inner, logLevel, leftOut, eventId.Name);
            }

            if (passes)
            {
                inner.Log(logLevel, eventId, state, exception, formatter);
            }
        }
    }

    /// <summary>What one sentence may still say in this while.</summary>
    private sealed class Allowance(TimeProvider clock)
    {
        private const int PerWhile = 20;

        private static readonly TimeSpan While = TimeSpan.FromSeconds(10);

        private readonly Lock _lock = new();
        private long _since = clock.GetTimestamp();
        private int _said;

        /// <returns>Whether it passes, and how many were left out before, when that is to be told.</returns>
        public (bool Passes, int LeftOut) Take()
        {
            lock (_lock)
            {
                var leftOut = 0;
                if (clock.GetElapsedTime(_since) >= While)
                {
                    leftOut = Math.Max(0, _said - PerWhile);
                    (_since, _said) = (clock.GetTimestamp(), 0);
                }

                _said++;
                return (_said <= PerWhile, leftOut);
            }
        }
    }
}

/// <summary>The words for what was not said.</summary>
internal static partial class LeftOut
{
    [LoggerMessage(Message = "{Count} more of the next sentence ({Name}) were left out")]
    public static partial void Say(ILogger logger, LogLevel level, int count, string? name);
}
